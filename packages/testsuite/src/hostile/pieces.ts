/**
 * Text that has led storages astray, by kind. Each piece is tried as a component of a path, inside of
 * one, at its begin and at its end; what an escape stands for is said by the kind.
 */
export const PIECES: Readonly<Record<string, readonly string[]>> = {
  dots: ['.', '..', '...', '....', '. .', '.. ', ' ..', '..\u200b', '.\u0000.', '.a', 'a..', 'a.'],
  slashes: ['/', '//', '/./', '/../', '/..', '//..//'],
  'control characters': [
    ...[
      '\0',
      '\u0001',
      '\u0007',
      '\b',
      '\t',
      '\n',
      '\v',
      '\f',
      '\r',
      '\r\n',
      '\u001b[2J',
      '\u001f',
    ],
    ...['\u007f', '\u0080', '\u0085', '\u0090', '\u009b', '\u009f'],
  ],
  'unpaired surrogates': ['\ud800', '\udbff', '\udc00', '\udfff', '\udc00\ud800', '\ud800\ud800'],
  'what looks like a slash': ['\u2044', '\u2215', '\u29f8', '\uff0f', '\u2571', '\u0338', '\ufe68'],
  'what looks like a dot': ['\u2024', '\u2024\u2024', '\u2025', '\uff0e\uff0e', '\ufe52', '\u0701'],
  'overlong UTF-8, decoded byte by byte': ['\u00c0\u00ae', '\u00c0\u00af', '\u00e0\u00a0\u00af'],
  'overlong UTF-8, percent-encoded': ['%c0%ae%c0%ae', '%c0%af', '%e0%80%af', '%f0%80%80%af', '%fc'],
  'text direction': ['\u202egpj.exe', '\u202d', '\u2066', '\u2069', '\u200f', '\u061c'],
  invisible: ['\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u{e0041}', '\ufe0f', '\u034f'],
  noncharacters: ['\ufffe', '\uffff', '\ufdd0', '\u{1fffe}', '\u{10ffff}'],
  'replacement characters': ['\ufffd', '\ufffd\ufffd', '?'],
  'line separators': ['\u2028', '\u2029'],
  blanks: [' ', '  ', '\u00a0', '\u3000', ' a', 'a ', '\u2003'],
  backslashes: [
    '\\',
    '\\\\',
    '..\\..\\x',
    'a\\b',
    '\\x00',
    '\\u002f',
    'C:\\x',
    '\\\\server\\share',
  ],
  'names of Windows': [
    ...['CON', 'nul', 'aux.txt', 'COM1', 'com\u00b9', 'LPT9.log', 'prn', 'CLOCK$', 'C:', 'c:x'],
    ...['x:stream', 'x::$DATA', 'PROGRA~1', 'desktop.ini', 'Thumbs.db'],
  ],
  'percent-encoding': [
    ...['%', '%%', '%2', '%zz', '%00', '%2e', '%2E%2e', '%2f', '%2F..%2F', '%5c', '%252e%252e'],
    ...['%u002e', '%20', '+', '%2B', '%0a', '%ff'],
  ],
  URLs: [
    ...['?', '#', '?x=1', '#x', '&', '=', ';v=1', '@', 'user:pw@host', 'http:', 'file:', '?acl'],
    ...['?uploads', '?versionId=1', '?comp=block', '?restype=container', '?alt=media', '?sig=x'],
  ],
  markup: ['<', '>', '&amp;', '&#0;', '&#x2f;', ']]>', '"', "'", '<!--', '<Key>x</Key>', '\\"'],
  commands: [
    '$(id)',
    '`id`',
    '|',
    '*',
    '**',
    '[a]',
    '{a,b}',
    '~',
    '-rf',
    '--',
    '!',
    '$HOME',
    '%s%n',
  ],
  patterns: ['_', '%%a', '^', '(a)', '.*', '\\d', "' OR 1=1 --", '";', 'a,b'],
  'members of objects': ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0'],
  'names of drivers': [
    ...[
      '.stowage',
      '.stowage/x',
      '.stowage/uploads/x',
      '.stowage/temporary/x',
      '.STOWAGE',
      '.stowage.',
    ],
    ...[
      '.stowage\u200b',
      'x/.stowage',
      '_uploads',
      '.sgwtmp',
      '.minio.sys',
      '$root',
      '$web',
      '$logs',
    ],
    ...[
      '.well-known/acme-challenge/x',
      'hdi_isfolder',
      '.multipart',
      'soap',
      '.DS_Store',
      'lost+found',
    ],
  ],
  'normal forms': [
    ...[
      '\u00e9',
      'e\u0301',
      '\u00c5',
      '\u212b',
      'A\u030a',
      '\ufb01',
      '\u212a',
      '\uac00',
      '\u1100\u1161',
    ],
    ...['\u1e9b\u0323', 'q\u0307\u0323', 'q\u0323\u0307', '\u0344', '\u2126'],
  ],
  case: ['\u0130', '\u0131', 'i\u0307', '\u00df', '\u1e9e', '\u017f', '\u03c2', '\u03a3', '\u01c5'],
  'beyond 16 bits': ['\u{1f600}', '\u{1f468}\u200d\u{1f469}', '\uff5e', '\u{20bb7}', '\ue000'],
}

const LONG_DEEP = 512

/** Lengths at which names and paths are cut, in bytes of UTF-8. */
export function lengths(): { what: string; path: string }[] {
  const found: { what: string; path: string }[] = []
  for (const bytes of [254, 255, 256, 257, 511]) {
    found.push({ what: `a name of ${bytes} bytes`, path: `/${'n'.repeat(bytes)}` })
    found.push({ what: `a name of ${bytes} bytes, the last one wide`, path: `/${wide(bytes)}` })
    found.push({ what: `a directory of ${bytes} bytes`, path: `/${'d'.repeat(bytes)}/x` })
  }
  for (const bytes of [1022, 1023, 1024, 1025, 1026, 2048, 65_536]) {
    found.push({ what: `a path of ${bytes} bytes`, path: ofBytes(bytes) })
    found.push({ what: `a path of ${bytes} bytes in one name`, path: `/${'p'.repeat(bytes - 1)}` })
    found.push({ what: `a path of ${bytes} bytes, the last one wide`, path: wideEnd(bytes) })
  }
  for (const depth of [200, 253, 254, 255, LONG_DEEP, LONG_DEEP + 1]) {
    found.push({ what: `${depth} components`, path: '/a'.repeat(depth) })
  }
  return found
}

/** A name of so many bytes that ends in a character of four. */
function wide(bytes: number): string {
  return `${'w'.repeat(bytes - 4)}\u{1f600}`
}

function ofBytes(bytes: number): string {
  const path = `/${'a'.repeat(199)}`.repeat(Math.ceil(bytes / 200)).slice(0, bytes)
  return path.endsWith('/') ? `${path.slice(0, -1)}b` : path
}

function wideEnd(bytes: number): string {
  return `${ofBytes(bytes - 5)}x\u{1f600}`
}
