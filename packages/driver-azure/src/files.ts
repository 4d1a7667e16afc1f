import type { BlobGetPropertiesResponse, BlobItem } from '@azure/storage-blob'
import { ContentError, type FileInfo } from '@stowage/core/driver'
import { type Names, type ObjectInfo, parseSize } from '@stowage/driver-kit'
import { isFolder } from './markers.ts'
import { timeOf } from './times.ts'

/** The parts of an answer to Get Blob Properties that say what a file is. */
type Properties = Pick<BlobGetPropertiesResponse, 'contentLength' | 'lastModified' | 'metadata'>

/** @throws ContentError where the answer does not say how long the blob is: then it is not the service's. */
export function fileSize({ contentLength }: Properties, path: string): number {
  const size = parseSize(contentLength)
  if (size !== undefined) return size
  throw new ContentError('Get Blob Properties: the answer has no Content-Length', { path })
}

/** The file, or undefined where the blob stands for a folder. */
export function fileFrom(found: Properties, path: string): FileInfo | undefined {
  const size = fileSize(found, path)
  if (isFolder(found.metadata, size)) return undefined
  return { path, size, modTime: timeOf(found.metadata, found.lastModified), isDir: false }
}

/** The file that a listed blob is, or undefined for staging, markers and names that are no paths. */
export function listedFile(
  names: Names,
  { name, metadata, properties }: BlobItem,
): FileInfo | undefined {
  const path = names.path(name)
  const { contentLength: size = 0, lastModified } = properties
  if (path === undefined || isFolder(metadata, size)) return undefined
  return { path, size, modTime: timeOf(metadata, lastModified), isDir: false }
}

/** Any blob that was listed, as the kit wants it. */
export function listedObject({ name: key, metadata, properties }: BlobItem): ObjectInfo {
  const { contentLength: size = 0, lastModified, etag } = properties
  const modTime = timeOf(metadata, lastModified)
  const marker = isFolder(metadata, size) ? 'folder' : undefined
  return { key, size, modTime, revision: quoted(etag), marker }
}

/** ETags come with quotes in headers and without in listings. */
export function quoted(etag: string | undefined): string | undefined {
  return etag === undefined || etag === '' || etag.startsWith('"') ? etag : `"${etag}"`
}
