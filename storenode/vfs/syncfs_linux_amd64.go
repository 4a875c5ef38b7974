package vfs

// sysSyncFS is the number of syncfs(2), which package syscall lacks.
const sysSyncFS = 306
