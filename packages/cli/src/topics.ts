import { EXIT_CODES } from './exit-codes.ts'

const LOCATIONS = `Locations name a path in a storage, or something on this machine.

  /docker/a                     a path in the storage of --storage, STOWAGE_STORAGE or stowage.yml
  fs:///var/data                the root of the storage that this URL opens
  fs:///var/data#/docker/a      a path in it: all after the first #, taken as it is
  backup:                       the root of a storage that stowage.yml names
  backup:/docker/a              a path in it
  ./a  ../a  .  file:///tmp/a   a local file or directory (for put and get: any plain path)
  -                             standard input (put) or output (get)

A URL names a storage and # the path in it, because nothing else could tell where the root ends:
fs:///var/data/docker could be /docker in /var/data as well as the root of another storage.
Quote URLs that have a ? or & in them.

A final / on a destination keeps the name of the source: cp a.txt X#/dir/ makes X#/dir/a.txt. Without
it the destination is the name: cp -r X#/a X#/b makes b what a is, whether b exists or not.
`

const CONFIGURATION = `Storages can have names. They stand in stowage.yml, which is read from the first of these places:

  the file of --config, or of STOWAGE_CONFIG
  the current directory, once you have run "stowage trust" there; again after each change of the file
  your own directory: ~/.config/stowage or $XDG_CONFIG_HOME/stowage, on Windows %APPDATA%\\stowage

  storages:
    main: fs:///var/data
    backup:
      s3:
        bucket: backup
        region: eu-central-1
  default: main

A registry's configuration works as it is: its storage section is the storage named "registry", and the
variables REGISTRY_STORAGE_<DRIVER>_<PARAMETER> override it. A storage that is the only one is the default.

STOWAGE_STORAGE   the storage where a location names none, as with --storage
STOWAGE_CONFIG    the configuration file, as with --config

A driver that is not built in (fs and inmemory are) is loaded from its package: that of this project for
s3, azure and gcs, else stowage-driver-<name> where a configuration names the driver; looked for beside
this command, then in the configuration's directory. --import loads any other file, or a package of the
current directory. Nothing is loaded that other users own or may write. "stowage drivers" shows what is there.
`

const JSON_TOPIC = `With --json every command writes JSON lines to standard output: one object a line, each with a "type".
Lists come as they are read. Commands that do several things end with a line of type "summary".

  ls, stat, tree   {"type":"file","path":...,"size":...,"modTime":...}  {"type":"directory","path":...}
  cp, put, get, mv, sync   {"type":"copied","source":...,"destination":...,"bytes":...,"sha256":...,
                            "resumedAt":...,"verified":...}
  verify           {"type":"difference","difference":"missing|extra|size|content","path":...}
  du               {"type":"directory|total","path":...,"files":...,"bytes":...}
  purge            {"type":"upload","path":...,"startedAt":...,"bytes":...,"removed":...}
  cat              {"type":"data","path":...,"offset":...,"bytes":...,"data":<base64>}, then "end"
  trust            {"type":"trust","file":...,"trusted":...,"storages":[...]}
  conformance      {"type":"case",...}  {"type":"area",...}  {"type":"report","files":[...]}

Errors go to standard error, one object a line:
  {"type":"error","code":...,"message":...,"hint":...,"path":...,"exitCode":...}
`

const EXIT_TOPIC = `Exit codes:
${EXIT_CODES.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')}
`

/** Help texts besides those of the commands. */
export const TOPICS: Readonly<Record<string, string>> = {
  locations: LOCATIONS,
  configuration: CONFIGURATION,
  json: JSON_TOPIC,
  'exit-codes': EXIT_TOPIC,
}

/** What stands beneath the list of commands. */
export const OVERVIEW: string = `
Examples:
  stowage ls -l fs:///var/data                              list the root of a storage
  stowage put -r ./site fs:///var/data#/www                 store a directory
  stowage sync --delete ./site s3://bucket#/www             bring another one up to date
  stowage verify ./site s3://bucket#/www                    compare them byte by byte
  export STOWAGE_STORAGE=fs:///var/data; stowage du /www    leave the URL out

Help on a command or topic: stowage help <command | ${Object.keys(TOPICS).join(' | ')}>

${EXIT_TOPIC}`
