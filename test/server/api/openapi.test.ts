import { expect } from 'chai'
import { errorCodes } from '../../../server/errors.ts'
import { resolveRef } from './json-schema.ts'
import { type ApiNode, startApiNode } from './node.ts'
import { type Description, readDescription, refsIn } from './openapi.ts'

/** Structure by the OpenAPI Specification 3.1, sections 4.8.1 to 4.8.30. */
describe('api: /openapi.json', () => {
  let node: ApiNode
  let description: Description
  before(async () => {
    node = await startApiNode({ logins: [] })
    description = await readDescription(node.url)
  })
  after(() => node.close())

  const operations = () =>
    Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )

  it('has the parts that OpenAPI 3.1 wants, and no other', () => {
    expect(description.openapi).to.match(/^3\.1\.\d+$/)
    expect(Object.keys(description)).to.have.members([
      'openapi',
      'info',
      'servers',
      'tags',
      'paths',
      'components',
    ])
    expect(description.info).to.include.keys('title', 'version')
    expect(description.info.version).to.match(/^\d+\.\d+\.\d+/)
    expect(description.components.securitySchemes).to.deep.equal({
      bearer: { type: 'http', scheme: 'bearer' },
    })
    expect(operations().length).to.be.greaterThan(25)
  })

  it('names every operation once and knows only fields of an operation', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).to.equal(ids.length)
    const fields = ['operationId', 'tags', 'summary', 'security', 'parameters', 'requestBody', 'responses']
    for (const { path, method, operation } of operations()) {
      expect(['get', 'post', 'put', 'patch', 'delete']).to.include(method)
      const others = Object.keys(operation).filter((key) => !fields.includes(key) && !key.startsWith('x-'))
      expect(others, path).to.deep.equal([])
      expect(operation.operationId).to.match(/^[a-z][A-Za-z0-9]+$/)
      // Vietnamese first, English beside.
      expect((operation as unknown as { summary: string }).summary, path).to.match(/^.+ \/ .+$/)
    }
  })

  it('asks for a bearer token everywhere but where one is got', () => {
    for (const { path, operation } of operations()) {
      const wanted = operation.operationId === 'postSession' ? [] : [{ bearer: [] }]
      expect(operation.security, path).to.deep.equal(wanted)
    }
  })

  it('declares exactly the parameters of each path, and those of the query and header once', () => {
    for (const { path, method, operation } of operations()) {
      const where = `${method} ${path}`
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = operation.parameters.filter((one) => one.in === 'path')
      expect(
        declared.map((one) => one.name),
        where,
      ).to.have.members(inPath)
      for (const one of declared) expect(one.required, where).to.equal(true)
      const names = operation.parameters.map((one) => `${one.in} ${one.name}`)
      expect(new Set(names).size, where).to.equal(names.length)
      for (const one of operation.parameters) {
        expect(['path', 'query', 'header'], where).to.include(one.in)
        expect(one.schema, `${where} ${one.name}`).to.be.an('object')
      }
      const key = operation.parameters.find((one) => one.name === 'Idempotency-Key')
      expect(key?.required === true, where).to.equal(method === 'post' && operation.security?.length === 1)
    }
  })

  it('describes every body, every success, and every failure as a problem', () => {
    for (const { path, method, operation } of operations()) {
      const where = `${method} ${path}`
      if (method === 'get' || method === 'delete') expect(operation.requestBody, where).to.equal(undefined)
      else if (operation.requestBody !== undefined) {
        // An act that needs no words beside its path has no body.
        expect(Object.values(operation.requestBody.content), where).to.have.length(1)
      }
      const statuses = Object.keys(operation.responses)
      expect(
        statuses.filter((status) => /^20[014]$/.test(status)),
        where,
      ).to.have.length(1)
      expect(statuses, where).to.include('default')
      for (const [status, response] of Object.entries(operation.responses)) {
        expect((response as unknown as { description: string }).description, where).to.be.a('string')
        if (status === '304') expect(response.content, where).to.equal(undefined)
        else expect(Object.keys(response.content), `${where} ${status}`).to.have.length(1)
      }
      expect(operation.responses.default?.content['application/problem+json']?.schema, where).to.deep.equal({
        $ref: '#/components/schemas/Problem',
      })
    }
  })

  it('refers to nothing that is not there', () => {
    const refs = refsIn(description)
    expect(refs).not.to.deep.equal([])
    for (const ref of new Set(refs)) expect(resolveRef(ref, description), ref).to.be.an('object')
  })

  it('describes queries so that a client can tell what to send', () => {
    for (const { path, method, operation } of operations()) {
      for (const one of operation.parameters) {
        const told = 'type' in one.schema || 'anyOf' in one.schema || 'enum' in one.schema
        expect(told, `${method} ${path} ${one.name}: ${JSON.stringify(one.schema)}`).to.equal(true)
      }
    }
  })

  it('lists every code that an answer may carry', () => {
    const problem = description.components.schemas.Problem as { properties: { code: { enum: string[] } } }
    expect(problem.properties.code.enum).to.have.members(errorCodes())
  })
})
