import { conformOn } from './helpers/conformance.ts'

await conformOn((server) => server !== 'ceph')
