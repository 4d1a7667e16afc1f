import './register.ts'

export type { Durability, FilesystemParameters, FsParameters } from './parameters.ts'
