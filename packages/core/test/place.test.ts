import { placeInBucket } from '../src/place.ts'

it('names the key and every prefix of it up to the bucket', () => {
  const { names, rootExists } = placeInBucket('s3', 'https://store:9000/', 'b', 'a/c/')
  expect(names).toEqual(['s3:store:9000/b/a/c', 's3:store:9000/b/a', 's3:store:9000/b'])
  expect(rootExists).toBe(true)
})

it('knows one store by every spelling of its endpoint', () => {
  const name = (endpoint: string) => placeInBucket('gcs', endpoint, 'b', 'k').names[0]
  expect(name('http://127.0.0.1:1')).toBe(name('http://user:secret@localhost:1/?sig=secret'))
  expect(name('http://[::1]:1')).toBe(name('http://localhost:1'))
  expect(name('https://Store.example/base/')).toBe(name('http://store.example./base'))
  expect(name('https://store.example/base')).not.toBe(name('https://store.example'))
  expect(name('http://user:secret@h?sig=secret')).not.toContain('secret')
})

it('keeps stores, buckets and services apart', () => {
  const names = [
    placeInBucket('s3', undefined, 'b', 'k'),
    placeInBucket('gcs', undefined, 'b', 'k'),
    placeInBucket('s3', 'http://h', 'b', 'k'),
    placeInBucket('s3', undefined, 'c', 'k'),
  ].map(({ names: [first] }) => first)
  expect(new Set(names).size).toBe(4)
})
