// In what the S3 servers differ from Amazon's, as far as a driver or its tests can notice.

/**
 * One difference from Amazon S3:
 * - `no-chunked-trailer`: refuses a body in `aws-chunked` framing with a checksum trailer, which is what the SDK sends
 *   for streams by default (411 MissingContentLength)
 * - `checksums-ignored`: neither checks nor returns `x-amz-checksum-*`
 * - `digests-ignored`: not even Content-MD5 is checked
 * - `no-complete-etag`: CompleteMultipartUpload's reply has an empty ETag; HeadObject has the right one
 * - `no-complete-conditions`: If-None-Match and If-Match on CompleteMultipartUpload have no effect
 * - `complete-needs-every-part`: a part that was uploaded and is not named on completion is an error (InvalidPart)
 * - `no-part-order-check`: parts named in descending order are accepted
 * - `part-10001-accepted`: the limit of 10000 parts is not enforced
 * - `no-copy-conditions`: CopySourceIfMatch has no effect
 * - `no-part-number-reads`: GetObject with PartNumber returns the whole object
 * - `list-parts-no-such-key`: ListParts of an upload that is gone says NoSuchKey, not NoSuchUpload
 * - `file-or-directory`: objects `a` and `a/b` cannot both exist (409 ObjectParentIsFile, ExistingObjectIsDirectory)
 * - `object-hides-children`: objects `a` and `a/b` can both exist, but listing shows only `a`
 * - `no-empty-segments`: keys such as `a//b` are refused or not listed under their name
 * - `no-dot-segments`: keys with a segment `.` or `..` are refused
 * - `segment-255`: a key's segment is limited to 255 bytes
 * - `long-keys-accepted`: keys of more than 1024 bytes are accepted
 * - `no-directory-content`: a key that ends in `/` must be empty
 * - `uploads-by-exact-key`: ListMultipartUploads takes a prefix only if it is a whole key
 * - `no-upload-paging`: ListMultipartUploads cannot go on with NextUploadIdMarker
 * - `quiet-ignored`: DeleteObjects names the deleted keys although asked to be quiet
 * - `many-deletes-accepted`: DeleteObjects takes more than 1000 keys
 * - `no-encryption`: encryption headers are accepted and nothing is encrypted
 * - `no-encryption-c-on-http`: encryption with a customer's key is refused on plain HTTP, as by Amazon
 * - `few-storage-classes`: only STANDARD and REDUCED_REDUNDANCY exist
 * - `no-authentication`: signatures, keys and expiry times are not checked
 * - `concurrent-puts-fail`: concurrent PUTs of one key answer 500
 * - `abort-then-500`: UploadPart after AbortMultipartUpload answers 500
 */
export type S3Quirk =
  | 'no-chunked-trailer'
  | 'checksums-ignored'
  | 'digests-ignored'
  | 'no-complete-etag'
  | 'no-complete-conditions'
  | 'complete-needs-every-part'
  | 'no-part-order-check'
  | 'part-10001-accepted'
  | 'no-copy-conditions'
  | 'no-part-number-reads'
  | 'list-parts-no-such-key'
  | 'file-or-directory'
  | 'object-hides-children'
  | 'no-empty-segments'
  | 'no-dot-segments'
  | 'segment-255'
  | 'long-keys-accepted'
  | 'no-directory-content'
  | 'uploads-by-exact-key'
  | 'no-upload-paging'
  | 'quiet-ignored'
  | 'many-deletes-accepted'
  | 'no-encryption'
  | 'no-encryption-c-on-http'
  | 'few-storage-classes'
  | 'no-authentication'
  | 'concurrent-puts-fail'
  | 'abort-then-500'

const cephAlways: readonly S3Quirk[] = [
  'complete-needs-every-part',
  'no-part-order-check',
  'part-10001-accepted',
  'list-parts-no-such-key',
]
const cephBefore20: readonly S3Quirk[] = [
  'checksums-ignored',
  'no-complete-conditions',
  'no-part-number-reads',
]
const cephBefore18: readonly S3Quirk[] = [
  'no-chunked-trailer',
  'no-complete-etag',
  'no-copy-conditions',
]

/** Ceph's gateway got better with every major version. */
export function cephQuirks(version: string): readonly S3Quirk[] {
  const major = Number.parseInt(version, 10)
  if (major >= 20) return cephAlways
  if (major >= 18) return [...cephAlways, ...cephBefore20]
  return [...cephAlways, ...cephBefore20, ...cephBefore18]
}

export const versitygwQuirks: readonly S3Quirk[] = [
  'file-or-directory',
  'no-empty-segments',
  'no-directory-content',
  'segment-255',
  'no-upload-paging',
  'quiet-ignored',
  'many-deletes-accepted',
  'no-encryption',
]

export const minioQuirks: readonly S3Quirk[] = [
  'object-hides-children',
  'no-empty-segments',
  'no-dot-segments',
  'segment-255',
  'uploads-by-exact-key',
  'no-encryption-c-on-http',
  'few-storage-classes',
]

export const motoQuirks: readonly S3Quirk[] = [
  'digests-ignored',
  'checksums-ignored',
  'no-copy-conditions',
  'no-part-number-reads',
  'long-keys-accepted',
  'quiet-ignored',
  'many-deletes-accepted',
  'no-encryption',
  'no-authentication',
  'concurrent-puts-fail',
  'abort-then-500',
]
