// Package properties is .properties text as java.util.Properties reads it:
// RocketMQ's configuration files and the bodies of codes 25, 26, 318 and 319.
// Parse gives entries with their lines, Bind fills structs from them and says
// what is odd, Entries and Append write structs as text.
//
// It knows no key but two old spellings: which keys exist and what they do is its
// neighbour keys' business, what they are set to is in the structs of storenode,
// proxy and membership. It opens no file and
// logs nothing; findings are for its caller to print.
package properties
