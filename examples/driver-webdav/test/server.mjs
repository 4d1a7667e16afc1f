// A WebDAV server that somebody else wrote, for one folder, in a process of its own. It says its port, and ends with its parent.
import FileSystemAdapter from '@nephele/adapter-file-system'
import Authenticator from '@nephele/authenticator-none'
import express from 'express'
import nephele from 'nephele'

// Entity tags by size and times: by default the server reads a whole file for its tag.
const app = express()
app.use(
  '/',
  nephele({
    adapter: new FileSystemAdapter({ root: process.argv[2], contentEtagMaxBytes: -1 }),
    authenticator: new Authenticator(),
  }),
)
const server = app.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }))
process.on('disconnect', () => process.exit(0))
