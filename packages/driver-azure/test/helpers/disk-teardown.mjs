// jest's `globalTeardown` for disk-setup.mjs.
export default () => globalThis.stowageAzurite?.stop()
