/** Evaluates XPath 1.0 expressions over a tree, within a fixed amount of work. */
import { SigningError } from '../errors.ts'
import { type ProcessingBudget, spend as spendBudget } from './processing-budget.ts'
import { qualifiedName } from './read-tree.ts'
import { stringValue, type TreeAttribute, type TreeElement, type TreeNode, type XmlTree } from './tree.ts'
import type { Axis, Expression, NodeTest, Operator, Step } from './xpath-parse.ts'

/** The root node, which is no element, and attributes beside the nodes of the tree. */
export type PathNode =
  | TreeNode
  | { readonly kind: 'root' }
  | { readonly kind: 'attribute'; readonly owner: TreeElement; readonly attribute: TreeAttribute }

export type Value = readonly PathNode[] | string | number | boolean

export interface XPathContext {
  readonly tree: XmlTree
  /** What `here()` means: the element that bears the expression. */
  readonly here: TreeElement | undefined
  readonly findById: (id: string) => TreeElement | undefined
  readonly budget: ProcessingBudget
}

interface Focus {
  readonly node: PathNode
  readonly position: number
  readonly size: number
}

const ROOT: PathNode = { kind: 'root' }

/** @throws SigningError `XML_TRANSFORM_UNSUPPORTED` for an unknown function, `XML_LIMIT_EXCEEDED` */
export function evaluateXPath(expression: Expression, context: XPathContext): Value {
  return evaluate(expression, { node: ROOT, position: 1, size: 1 }, context)
}

function evaluate(expression: Expression, focus: Focus, context: XPathContext): Value {
  spend(context, 1)
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'negative':
      return -toNumber(evaluate(expression.of, focus, context))
    case 'call':
      return call(expression.name, expression.args, focus, context)
    case 'binary':
      return binary(expression.operator, expression.left, expression.right, focus, context)
    case 'path': {
      const { start, filters, steps } = expression
      if (start === 'root') return walk([ROOT], steps, context)
      if (start === 'context') return walk([focus.node], steps, context)
      const value = evaluate(start, focus, context)
      if (filters.length === 0 && steps.length === 0) return value
      return walk(
        filters.reduce((nodes, filter) => keep(nodes, filter, context), nodesOf(value)),
        steps,
        context,
      )
    }
  }
}

function walk(
  nodes: readonly PathNode[],
  steps: readonly Step[],
  context: XPathContext,
): readonly PathNode[] {
  return steps.reduce((from, step) => {
    const found = from.flatMap((node) => {
      spend(context, 1)
      const along = [...alongAxis(node, step.axis, context)].filter((one) => passes(one, step))
      return step.predicates.reduce((left, predicate) => keep(left, predicate, context), along)
    })
    spend(context, found.length)
    return inDocumentOrder(found)
  }, nodes)
}

function keep(nodes: readonly PathNode[], predicate: Expression, context: XPathContext): PathNode[] {
  return nodes.filter((node, at) => {
    const value = evaluate(predicate, { node, position: at + 1, size: nodes.length }, context)
    return typeof value === 'number' ? value === at + 1 : toBoolean(value)
  })
}

function passes(node: PathNode, { axis, test }: Step): boolean {
  if (test.kind === 'name') return nameOfPrincipal(node, axis, test)
  return test.kind === 'node' || node.kind === test.kind
}

function nameOfPrincipal(node: PathNode, axis: Axis, test: NodeTest & { kind: 'name' }): boolean {
  const name = axis === 'attribute' ? attributeOf(node) : node.kind === 'element' ? node : undefined
  if (name === undefined) return false
  return (
    (test.namespace === null || name.namespace === test.namespace) &&
    (test.localName === null || name.localName === test.localName)
  )
}

function attributeOf(node: PathNode): TreeAttribute | undefined {
  return node.kind === 'attribute' ? node.attribute : undefined
}

/** The nodes of an axis in its own order: backwards for those that look back. */
function* alongAxis(node: PathNode, axis: Axis, context: XPathContext): Generator<PathNode> {
  for (const found of rawAxis(node, axis, context)) {
    spend(context, 1)
    yield found
  }
}

function* rawAxis(node: PathNode, axis: Axis, context: XPathContext): Generator<PathNode> {
  switch (axis) {
    case 'self':
      yield node
      return
    case 'child':
      yield* childrenOf(node, context)
      return
    case 'descendant':
      yield* descendants(node, context)
      return
    case 'descendant-or-self':
      yield node
      yield* descendants(node, context)
      return
    case 'parent': {
      const parent = parentOf(node)
      if (parent !== undefined) yield parent
      return
    }
    case 'ancestor-or-self':
      yield node
      yield* ancestors(node)
      return
    case 'ancestor':
      yield* ancestors(node)
      return
    case 'attribute':
      if (node.kind !== 'element') return
      for (const attribute of node.attributes) yield { kind: 'attribute', owner: node, attribute }
      return
    case 'following-sibling':
    case 'preceding-sibling':
      yield* siblings(node, axis, context)
      return
    default:
      throw new SigningError('XML_TRANSFORM_UNSUPPORTED', { transform: `XPath axis ${axis}` })
  }
}

function childrenOf(node: PathNode, { tree }: XPathContext): readonly PathNode[] {
  if (node.kind === 'root') return tree.top
  return node.kind === 'element' ? node.children : []
}

function* descendants(node: PathNode, context: XPathContext): Generator<PathNode> {
  const pending = childrenOf(node, context).toReversed()
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next
    const below = childrenOf(next, context)
    for (let at = below.length - 1; at >= 0; at -= 1) {
      const child = below[at]
      if (child !== undefined) pending.push(child)
    }
  }
}

function parentOf(node: PathNode): PathNode | undefined {
  if (node.kind === 'root') return undefined
  if (node.kind === 'attribute') return node.owner
  return node.parent ?? ROOT
}

function* ancestors(node: PathNode): Generator<PathNode> {
  for (let above = parentOf(node); above !== undefined; above = parentOf(above)) yield above
}

function* siblings(
  node: PathNode,
  axis: 'following-sibling' | 'preceding-sibling',
  context: XPathContext,
): Generator<PathNode> {
  const parent = parentOf(node)
  if (parent === undefined || node.kind === 'attribute') return
  const all = childrenOf(parent, context)
  const at = all.indexOf(node)
  spend(context, at + 1)
  yield* axis === 'following-sibling' ? all.slice(at + 1) : all.slice(0, at).toReversed()
}

/** Each node once; attributes stand after their element in the order they have there. */
function inDocumentOrder(nodes: readonly PathNode[]): readonly PathNode[] {
  if (nodes.length < 2) return nodes
  const seen = new Map<unknown, PathNode>()
  for (const node of nodes) seen.set(node.kind === 'attribute' ? node.attribute : node, node)
  return [...seen.values()].sort((left, right) => orderOf(left) - orderOf(right))
}

function orderOf(node: PathNode): number {
  if (node.kind === 'root') return -1
  return node.kind === 'attribute' ? node.owner.order + 0.5 : node.order
}

function binary(
  operator: Operator,
  left: Expression,
  right: Expression,
  focus: Focus,
  context: XPathContext,
): Value {
  const a = evaluate(left, focus, context)
  if (operator === 'or' && toBoolean(a)) return true
  if (operator === 'and' && !toBoolean(a)) return false
  const b = evaluate(right, focus, context)
  switch (operator) {
    case 'or':
    case 'and':
      return toBoolean(b)
    case '|':
      return inDocumentOrder([...nodesOf(a), ...nodesOf(b)])
    case '+':
      return toNumber(a) + toNumber(b)
    case '-':
      return toNumber(a) - toNumber(b)
    case '*':
      return toNumber(a) * toNumber(b)
    case 'div':
      return toNumber(a) / toNumber(b)
    case 'mod':
      return toNumber(a) % toNumber(b)
    default:
      return compareValues(operator, a, b, context)
  }
}

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='

/** XPath 1.0 section 3.4: with node-sets, whether it holds for any pair. */
function compareValues(operator: Comparison, a: Value, b: Value, context: XPathContext): boolean {
  if (typeof a === 'object' && typeof b !== 'boolean') {
    return a.some((node) => compareValues(operator, textOf(node, context), b, context))
  }
  if (typeof b === 'object' && typeof a !== 'boolean') {
    return b.some((node) => compareValues(operator, a, textOf(node, context), context))
  }
  if (operator === '=' || operator === '!=') return areEqual(a, b) === (operator === '=')
  const [x, y] = [toNumber(a), toNumber(b)]
  return operator === '<' ? x < y : operator === '<=' ? x <= y : operator === '>' ? x > y : x >= y
}

function areEqual(a: Value, b: Value): boolean {
  if (typeof a === 'boolean' || typeof b === 'boolean') return toBoolean(a) === toBoolean(b)
  if (typeof a === 'number' || typeof b === 'number') return toNumber(a) === toNumber(b)
  return a === b
}

function call(name: string, args: readonly Expression[], focus: Focus, context: XPathContext): Value {
  const value = (at: number): Value => {
    const arg = args[at]
    if (arg === undefined) throw unknown(`${name}()`)
    return evaluate(arg, focus, context)
  }
  const text = (at: number) => toText(value(at), context)
  const node = () => (args.length === 0 ? focus.node : nodesOf(value(0))[0])
  switch (name) {
    case 'true':
      return true
    case 'false':
      return false
    case 'not':
      return !toBoolean(value(0))
    case 'boolean':
      return toBoolean(value(0))
    case 'count':
      return nodesOf(value(0)).length
    case 'position':
      return focus.position
    case 'last':
      return focus.size
    case 'string':
      return args.length === 0 ? textOf(focus.node, context) : text(0)
    case 'number':
      return toNumber(args.length === 0 ? textOf(focus.node, context) : value(0))
    case 'contains':
      return text(0).includes(text(1))
    case 'starts-with':
      return text(0).startsWith(text(1))
    case 'string-length':
      return [...(args.length === 0 ? textOf(focus.node, context) : text(0))].length
    case 'normalize-space':
      return (args.length === 0 ? textOf(focus.node, context) : text(0)).trim().replace(/[ \t\r\n]+/g, ' ')
    case 'local-name':
      return namedOf(node())?.localName ?? ''
    case 'namespace-uri':
      return namedOf(node())?.namespace ?? ''
    case 'name': {
      const named = namedOf(node())
      return named === undefined ? '' : qualifiedName(named)
    }
    case 'id':
      return identified(value(0), context)
    case 'here':
      if (context.here === undefined) throw unknown('here() in another document')
      return [context.here]
    default:
      throw unknown(`${name}()`)
  }
}

function identified(value: Value, context: XPathContext): readonly PathNode[] {
  const texts =
    typeof value === 'object' ? value.map((node) => textOf(node, context)) : [toText(value, context)]
  const ids = texts.flatMap((text) => text.split(/[ \t\r\n]+/).filter(Boolean))
  return inDocumentOrder(ids.flatMap((id) => context.findById(id) ?? []))
}

function namedOf(node: PathNode | undefined): TreeElement | TreeAttribute | undefined {
  if (node?.kind === 'element') return node
  return node?.kind === 'attribute' ? node.attribute : undefined
}

function textOf(node: PathNode, context: XPathContext): string {
  switch (node.kind) {
    case 'root':
      return textOf(context.tree.root, context)
    case 'element':
      spend(context, node.end - node.order + 1)
      return paidFor(stringValue(node), context)
    case 'attribute':
      return paidFor(node.attribute.value, context)
    case 'instruction':
      return paidFor(node.data, context)
    default:
      return paidFor(node.value, context)
  }
}

/** Whoever asks for a text looks through it. */
function paidFor(text: string, context: XPathContext): string {
  spend(context, 1 + (text.length >> 4))
  return text
}

function nodesOf(value: Value): readonly PathNode[] {
  if (typeof value !== 'object') throw unknown('a node-set was due')
  return value
}

function toText(value: Value, context: XPathContext): string {
  if (typeof value !== 'object') return String(value)
  const [first] = value
  return first === undefined ? '' : textOf(first, context)
}

function toNumber(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'object') throw unknown('a number of a node-set')
  return /^\s*-?(\d+(\.\d*)?|\.\d+)\s*$/.test(value) ? Number(value) : Number.NaN
}

function toBoolean(value: Value): boolean {
  if (typeof value === 'object' || typeof value === 'string') return value.length > 0
  return typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : value
}

function spend({ budget }: XPathContext, nodes: number): void {
  spendBudget(budget, 'pathNodes', nodes)
}

function unknown(what: string): SigningError {
  return new SigningError('XML_TRANSFORM_UNSUPPORTED', { transform: `XPath ${what}` })
}
