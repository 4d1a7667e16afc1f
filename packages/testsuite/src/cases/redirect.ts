import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import type { CaseContext } from '../context.ts'

async function get(t: CaseContext, url: string | undefined, init?: RequestInit): Promise<Response> {
  assert.equal(typeof url, 'string', 'a URL')
  const response = await t.settings.fetch(url ?? '', { ...init, signal: t.signal })
  return response
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer())
}

export const redirect: readonly Case[] = area('redirect', [
  {
    id: 'get',
    title: 'a plain HTTP client gets the file from the URL',
    original: ['T36'],
    needs: 'redirectURL',
    run: async (t) => {
      const data = await t.put('/dir/file')
      const response = await get(t, await t.driver.redirectURL('/dir/file'))
      assert.equal(response.status, 200)
      data.check(await bodyOf(response))
    },
  },
  {
    id: 'head',
    title: 'HEAD on its URL tells the size',
    original: ['T36'],
    needs: 'redirectURL',
    run: async (t) => {
      await t.put('/dir/file')
      const url = await t.driver.redirectURL('/dir/file', { method: 'HEAD' })
      const response = await get(t, url, { method: 'HEAD' })
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('content-length'), '32')
    },
  },
  {
    id: 'range',
    title: 'a range of the file can be had from the URL',
    needs: 'redirectURL',
    run: async (t) => {
      const data = await t.put('/file', 1000)
      const url = await t.driver.redirectURL('/file')
      const response = await get(t, url, { headers: { range: 'bytes=100-199' } })
      assert.equal(response.status, 206)
      data.check(await bodyOf(response), 100, 200)
    },
  },
  {
    id: 'empty',
    title: 'an empty file can be had from the URL',
    needs: 'redirectURL',
    run: async (t) => {
      await t.put('/empty', 0)
      const response = await get(t, await t.driver.redirectURL('/empty'))
      assert.equal(response.status, 200)
      assert.equal((await bodyOf(response)).length, 0)
    },
  },
  {
    id: 'names',
    title: 'URLs of names with spaces and signs work',
    needs: 'redirectURL',
    run: async (t) => {
      for (const path of ['/a b/c+d', '/%2e/100%', '/a&b=c;d', '/x#y', "/it's(1)", '/q?r']) {
        const data = await t.put(path)
        const response = await get(t, await t.driver.redirectURL(path))
        assert.equal(response.status, 200, path)
        data.check(await bodyOf(response))
      }
    },
  },
  {
    id: 'unicode-names',
    title: 'URLs of names beyond ASCII work',
    needs: 'redirectURL',
    run: async (t) => {
      if (!t.capabilities.unicodePaths) return
      for (const path of ['/café', '/日本', '/😀/x']) {
        const data = await t.put(path)
        const response = await get(t, await t.driver.redirectURL(path))
        assert.equal(response.status, 200, path)
        data.check(await bodyOf(response))
      }
    },
  },
  {
    id: 'methods',
    title: 'only GET and HEAD can be redirected',
    needs: 'redirectURL',
    run: async (t) => {
      await t.put('/file')
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'get', '']) {
        assert.equal(await t.driver.redirectURL('/file', { method }), undefined, method)
      }
    },
  },
  {
    id: 'missing',
    title: 'the URL of nothing is answered with an error of the backend, never with content',
    needs: 'redirectURL',
    run: async (t) => {
      const url = await t.driver.redirectURL('/missing').catch((error: unknown) => error)
      if (typeof url !== 'string') {
        return t.rejects(Promise.reject(url), 'PATH_NOT_FOUND', { path: '/missing' })
      }
      const response = await get(t, url)
      assert.ok(response.status >= 400 && response.status < 500, `status ${response.status}`)
      await response.arrayBuffer()
    },
  },
  {
    id: 'expires',
    title: 'a URL works for its time only',
    needs: 'redirectURL',
    run: async (t) => {
      await t.put('/file')
      const url = await t.driver.redirectURL('/file', { expiresIn: 1 })
      await t.eventually('the URL has expired', async () => {
        const response = await get(t, url)
        await response.arrayBuffer()
        return response.status >= 400
      })
      const later = await get(t, await t.driver.redirectURL('/file', { expiresIn: 60 }))
      assert.equal(later.status, 200)
      await later.arrayBuffer()
    },
  },
  {
    id: 'wrong-lifetime',
    title: 'a lifetime that is no whole number from 1 is a TypeError',
    run: async (t) => {
      await t.put('/file')
      for (const expiresIn of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        const url = t.driver.redirectURL('/file', { expiresIn })
        await assert.rejects(url, { name: 'TypeError' })
      }
    },
  },
  {
    id: 'none',
    title: 'without the capability there is never a URL, and never an error',
    unless: 'redirectURL',
    run: async (t) => {
      await t.put('/file')
      for (const path of ['/file', '/missing']) {
        for (const method of ['GET', 'HEAD', 'POST']) {
          assert.equal(await t.driver.redirectURL(path, { method }), undefined)
        }
      }
    },
  },
])
