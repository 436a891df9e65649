/** The description held against the rules of its own field, and the page that is made from it. */
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect } from 'chai'
import { errorCodes } from '../../../server/errors.ts'
import { type ApiNode, send, startApiNode } from './node.ts'
import { type Description, readDescription } from './openapi.ts'

/** Rules of Redocly's recommended set that are left, each with its reason. */
const exceptions: Readonly<Record<string, string>> = {
  'no-ambiguous-paths':
    'a fixed word beside an id (`/documents/late`, `/documents/{id}`) is served first and is no UUID: nothing is ambiguous',
  'no-server-example.com': 'the only server is the node itself, `/`',
}

describe('api: reference', () => {
  let node: ApiNode
  let description: Description
  before(async () => {
    node = await startApiNode({ logins: ['commune-clerk'] })
    description = await readDescription(node.url)
  })
  after(() => node.close())

  it('passes the recommended rules of an independent linter', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: Object.fromEntries(Object.keys(exceptions).map((rule) => [rule, 'off'])),
    })
    const found = await lintFromString({
      source: JSON.stringify(description),
      config,
      absoluteRef: 'openapi.json',
    })
    const lines = found.map(({ ruleId, severity, message, location }) => {
      return `${severity} ${ruleId}: ${message} ${location[0]?.pointer ?? ''}`
    })
    expect(lines.length, lines.slice(0, 40).join('\n')).to.equal(0)
  })

  it('is found wanting by that linter when it is', async () => {
    const config = await createConfig({ extends: ['recommended'] })
    const [path = ''] = Object.keys(description.paths)
    const broken = structuredClone(description) as unknown as {
      paths: Record<string, Record<string, object>>
    }
    const [method = ''] = Object.keys(broken.paths[path] ?? {})
    broken.paths[path] = { [method]: { responses: {} } }
    const found = await lintFromString({
      source: JSON.stringify(broken),
      config,
      absoluteRef: 'openapi.json',
    })
    expect(found.map((one) => one.ruleId)).to.include('operation-operationId')
  })

  it('describes the failures of every operation by status', () => {
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const where = `${method} ${path}`
        const statuses = Object.keys(operation.responses)
        expect(statuses, where).to.include.members(['401', '429', 'default'])
        if (operation.security?.length) expect(statuses, where).to.include('403')
        if (path.includes('{')) expect(statuses, where).to.include('404')
        if (method !== 'get') expect(statuses, where).to.include.members(['400', '409', '422'])
        const match = operation.parameters.find((one) => one.name === 'If-Match')
        expect(statuses.includes('412'), where).to.equal(match !== undefined)
        expect(statuses.includes('428'), where).to.equal(match?.required === true)
      }
    }
  })

  it('describes everything in both languages, under a tag that is explained', () => {
    const tags = (description as unknown as { tags: { name: string; description: string }[] }).tags
    for (const { name, description: words } of tags) expect(words, name).to.match(/^.+ \/ .+$/)
    const explained = new Set(tags.map((one) => one.name))
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const operation of Object.values(methods)) {
        const { tags: own } = operation as unknown as { tags: string[] }
        expect(
          own.every((tag) => explained.has(tag)),
          `${path}: ${own}`,
        ).to.equal(true)
      }
    }
    for (const words of textsIn(description)) expect(words).to.match(/^OK$|^.+ \/ .+$/)
  })

  for (const [language, title] of [
    ['vi', 'Tra cứu cơ quan theo mã, tên và ngày'],
    ['en', 'Look agencies up by code, name and day'],
  ] as const) {
    it(`is a page of the node alone, in ${language}`, async () => {
      const response = await fetch(`${node.url}/docs`, { headers: { 'accept-language': language } })
      expect(response.status).to.equal(200)
      expect(response.headers.get('content-type')).to.equal('text/html; charset=utf-8')
      expect(response.headers.get('content-language')).to.equal(language)
      const policy = response.headers.get('content-security-policy') ?? ''
      expect(policy).to.include("default-src 'none'")
      expect(policy).not.to.match(/unsafe|https?:|\*|script/)
      const page = await response.text()
      expect(page).to.include(title)
      expect(page).to.include(`<html lang="${language}">`)
      // Nothing from elsewhere, no script, no style in the page.
      expect(page).not.to.match(/<script|<style|\son\w+=|style="|src=|https?:\/\//)
      const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(new Set(ids).size).to.equal(ids.length)
      for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).to.include(target)
      for (const methods of Object.values(description.paths)) {
        for (const operation of Object.values(methods)) expect(ids).to.include(operation.operationId)
      }
      for (const code of errorCodes()) expect(ids).to.include(`error-${code}`)
      expect((await fetch(`${node.url}/docs?lang=${language}`)).headers.get('content-language')).to.equal(
        language,
      )
    })
  }

  it('brings its style sheet', async () => {
    const response = await fetch(`${node.url}/docs/style.css`)
    expect(response.headers.get('content-type')).to.equal('text/css; charset=utf-8')
    expect(await response.text()).to.include('nav {')
  })

  it('gives versions as ETags, answers 304 for one that is known, and checks what a change is based on', async () => {
    const token = await node.token('commune-clerk')
    const get = (etag?: string) =>
      fetch(`${node.url}/api/v1/calendar/2031`, {
        headers: {
          authorization: `Bearer ${token}`,
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
        },
      })
    const first = await get()
    expect(first.headers.get('etag')).to.equal('"0"')
    for (const known of ['"0"', 'W/"0"', '"7", "0"', '*']) {
      const again = await get(known)
      expect([again.status, await again.text(), again.headers.get('etag')], known).to.deep.equal([
        304,
        '',
        '"0"',
      ])
    }
    const other = await get('"1"')
    expect(other.status).to.equal(200)
    expect(await other.json()).to.include({ year: 2031, version: 0, complete: false })
    const path = Object.entries(description.paths).find(([, methods]) =>
      Object.values(methods).some((one) => one.parameters.some((p) => p.name === 'If-None-Match')),
    )
    expect(path?.[1].get?.responses['304']).to.be.an('object')
  })

  it('gives lists page by page by cursors that nobody makes up', async () => {
    const token = await node.token('commune-clerk')
    const paged = Object.entries(description.paths).filter(([, methods]) =>
      methods.get?.parameters.some((one) => one.name === 'cursor'),
    )
    expect(paged).not.to.deep.equal([])
    for (const [template] of paged.filter(([path]) => !path.includes('{'))) {
      const path = template.replace('/api/v1', '')
      for (const cursor of ['x', '@@', 'eyJhIjoxfQ', '0'.repeat(300)]) {
        const { status, body } = await send(node.url, 'GET', `${path}?cursor=${encodeURIComponent(cursor)}`, {
          token,
        })
        expect([400, 403], `${path} ${cursor}`).to.include(status)
        if (status === 400) expect(body.code, path).to.equal('INPUT_INVALID')
      }
    }
  })
})

/** Descriptions of the document, wherever they stand; those of schemas come from the people who wrote the routes. */
function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) => {
    if (key === 'components' || key === 'info') return []
    return key === 'description' && typeof one === 'string' ? [one] : textsIn(one)
  })
}
