package remoting

// Language is the LanguageCode of a command's sender.
type Language byte

const (
	JAVA Language = 0
	CPP  Language = 1
	GO   Language = 9
	// OTHER stands for every name this table does not hold.
	OTHER Language = 7
)

// languageNames is LanguageCode by ordinal (5.3.3).
var languageNames = [...]string{
	"JAVA", "CPP", "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY", "OTHER",
	"HTTP", "GO", "PHP", "OMS", "RUST", "NODE_JS",
}

// String is the name that JSON headers and connection lists carry.
func (l Language) String() string {
	if int(l) < len(languageNames) {
		return languageNames[l]
	}
	return languageNames[OTHER]
}

func languageOf(name []byte) Language {
	for i, n := range languageNames {
		if string(name) == n {
			return Language(i)
		}
	}
	return OTHER
}
