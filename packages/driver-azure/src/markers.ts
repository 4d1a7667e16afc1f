/**
 * Whether a blob stands for a directory: accounts with a hierarchical namespace, and tools that know
 * them, mark it so. Names that end in `/` are the other kind of marker.
 */
export function isFolder(
  metadata: Readonly<Record<string, string>> | undefined,
  size: number | undefined,
): boolean {
  if (size !== 0 || metadata === undefined) return false
  // Names of metadata keep the case in which they were set, or come in lower case: headers.
  return Object.entries(metadata).some(
    ([name, value]) => name.toLowerCase() === 'hdi_isfolder' && value.toLowerCase() === 'true',
  )
}
