import { channel } from 'node:diagnostics_channel'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { type HistogramMetricData, MeterProvider } from '@opentelemetry/sdk-metrics'
import { create, OPERATION_CHANNEL, type StorageDriver } from '@stowage/core'
import '@stowage/driver-inmemory'
import { StowageInstrumentation } from '@stowage/opentelemetry'
import { Telemetry } from './helpers/telemetry.ts'

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']
/** Whether core has anybody to tell: where not, an operation costs one comparison. */
const isHeard = (): boolean =>
  EVENTS.some((event) => channel(`tracing:${OPERATION_CHANNEL}:${event}`).hasSubscribers)

async function work(driver: StorageDriver): Promise<void> {
  await driver.putContent('/a', 'hello')
  await driver.getContent('/a')
  for await (const _ of await driver.reader('/a', { offset: 1 }));
  const writer = await driver.writer('/b')
  await writer.write(Buffer.from('ab'))
  await writer.write(Buffer.from('c'))
  await writer.commit()
  for await (const _ of driver.walk('/'));
  await driver.stat('/none').catch(() => {})
}

describe('metrics', () => {
  let telemetry: Telemetry
  beforeEach(() => {
    telemetry = new Telemetry()
  })
  afterEach(() => telemetry[Symbol.asyncDispose]())

  it("time every call under the Go registry's name and labels, failed ones too", async () => {
    await work(await create('inmemory'))
    expect(await telemetry.values('registry_storage_action_seconds')).toEqual({
      'inmemory PutContent': 1,
      'inmemory GetContent': 1,
      'inmemory Reader': 1,
      'inmemory Writer': 1,
      'inmemory Write': 2,
      'inmemory Writer.Commit': 1,
      'inmemory Stat': 1,
    })
    const metric = (await telemetry.metric(
      'registry_storage_action_seconds',
    )) as HistogramMetricData
    const [point] = metric.dataPoints
    expect(Object.keys(point?.attributes ?? {})).toEqual(['driver', 'action'])
    expect(point?.value.buckets.boundaries).toEqual([
      ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    ])
    expect(point?.value.sum).toBeLessThan(1)
  })

  it('count bytes once, and errors by their kind', async () => {
    await work(await create('inmemory'))
    expect(await telemetry.values('stowage.io')).toEqual({
      'inmemory write': 8,
      'inmemory read': 9,
    })
    expect(await telemetry.values('stowage.errors')).toEqual({ 'inmemory Stat PATH_NOT_FOUND': 1 })
  })

  it('know what is under way', async () => {
    const driver = await create('inmemory')
    const writer = await driver.writer('/b')
    await writer.write(Buffer.alloc(10))
    expect(await telemetry.values('stowage.active_operations')).toMatchObject({
      'inmemory Upload': 1,
      'inmemory Writer': 0,
    })
    await writer.commit()
    expect(await telemetry.values('stowage.active_operations')).toMatchObject({
      'inmemory Upload': 0,
      'inmemory Write': 0,
    })
  })
})

describe('enable and disable', () => {
  it('listen and leave; without it nobody listens', async () => {
    const before = isHeard()
    const idle = new StowageInstrumentation({ enabled: false })
    expect([before, isHeard()]).toEqual([false, false])
    idle.enable()
    idle.enable()
    expect(isHeard()).toBe(true)
    idle.disable()
    idle.disable()
    expect(isHeard()).toBe(false)
  })

  it('end what is under way when it is disabled', async () => {
    const telemetry = new Telemetry()
    const driver = await create('inmemory')
    const writer = await driver.writer('/b')
    telemetry.instrumentation.disable()
    expect(telemetry.names).toEqual(['Writer', 'Upload'])
    await writer.commit()
    expect(telemetry.names).toEqual(['Writer', 'Upload'])
    expect(await telemetry.values('stowage.active_operations')).toMatchObject({
      'inmemory Upload': 0,
    })
    await telemetry[Symbol.asyncDispose]()
  })

  it('are what registerInstrumentations calls', async () => {
    const instrumentation = new StowageInstrumentation({ enabled: false })
    const telemetry = new Telemetry({ enabled: false })
    const unload = registerInstrumentations({
      instrumentations: [instrumentation],
      tracerProvider: telemetry.provider,
      meterProvider: telemetry.meters,
    })
    await (await create('inmemory')).putContent('/a', 'x')
    expect(telemetry.names).toEqual(['PutContent'])
    unload()
    expect(isHeard()).toBe(false)
    await telemetry[Symbol.asyncDispose]()
  })
})

it("gives Prometheus the series that a registry's dashboards ask for", async () => {
  const exporter = new PrometheusExporter({ host: '127.0.0.1', port: 0, preventServerStart: true })
  const meters = new MeterProvider({ readers: [exporter] })
  const instrumentation = new StowageInstrumentation()
  instrumentation.setMeterProvider(meters)
  await work(await create('inmemory'))
  instrumentation.disable()
  const text = await new Promise<string>((resolve) => {
    const response = { statusCode: 0, setHeader: () => {}, end: resolve }
    exporter.getMetricsRequestHandler({} as never, response as never)
  })
  await meters.shutdown()
  expect(text).toMatch(/^# TYPE registry_storage_action_seconds histogram$/m)
  const labels = /driver="inmemory",action="GetContent"/
  const lines = text.split('\n').filter((line) => labels.test(line))
  expect(lines.find((line) => line.startsWith('registry_storage_action_seconds_count{'))).toMatch(
    / 1$/,
  )
  expect(lines.some((line) => /^registry_storage_action_seconds_sum\{/.test(line))).toBe(true)
  expect(lines.some((line) => /_bucket\{.*le="0\.005"\}/.test(line))).toBe(true)
  expect(text).toMatch(/^stowage_io_total\{driver="inmemory",direction="read".*\} 9$/m)
  expect(text).toMatch(/^stowage_errors_total\{.*error_type="PATH_NOT_FOUND".*\} 1$/m)
})
