/** What a server cannot do, by the suite's ids; it is a fact about the server, not about the driver. */
export const SERVER_LIMITS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  minio: {
    'uploads-delete-removes': 'MinIO lists uploads by their exact key only',
    'uploads-delete-only-uploads': 'MinIO lists uploads by their exact key only',
  },
  versitygw: {
    // In full size; both pass where it runs with a sidecar folder instead.
    'reader-far-offsets':
      'versitygw has no room for the list of 820 parts in an extended attribute',
    'scale-five-gibibytes':
      'versitygw has no room for the list of 1,024 parts in an extended attribute',
    'uploads-page': 'versitygw refuses the markers that it gave for the next page',
  },
  localstack: {
    'abort-next-tick': 'LocalStack keeps a key locked when an upload to it was cut off',
  },
  moto: {
    'redirect-expires': 'moto does not check signatures',
    'sessions-two-appenders':
      'moto was seen, under load, to complete one upload twice: it looks for it and removes it in two steps',
    'uploads-dry-run': 'moto says that every upload began in 2010',
    'uploads-age': 'moto says that every upload began in 2010',
  },
}
