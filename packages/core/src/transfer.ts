// Transfers: whole files from and to a storage, in one line each.
export { copy, uploadFile } from './transfer/copy.ts'
export type { UploadSource } from './transfer/sources.ts'
export { type Fold, foldOf } from './transfer/spellings.ts'
export { toWritable, type UploadOptions, upload, type WritableOptions } from './transfer/streams.ts'
export type { TransferOptions, TransferProgress, TransferResult } from './transfer/transfer.ts'
