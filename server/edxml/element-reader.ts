import { attributeOf, EDXML, isNamed, type XmlElement } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'

/**
 * Reads the children of one element in their fixed order. Text between elements, an unknown element, an attribute
 * that nothing asked for and an empty leaf are errors: a sealed message has one form only.
 */
export class ElementReader {
  readonly #element: XmlElement
  readonly #path: string
  readonly #children: readonly XmlElement[]
  #next = 0

  /**
   * @param path names of the elements down to this one, for messages
   * @param attributes names and the only values of the attributes that must be there
   */
  constructor(element: XmlElement, path: string, attributes: Readonly<Record<string, string>> = {}) {
    this.#element = element
    this.#path = path
    const names = Object.keys(attributes)
    const fits =
      element.attributes.length === names.length &&
      names.every((name) => attributeOf(element, name) === attributes[name])
    if (!fits) throw invalid(path, 'thuộc tính không đúng / wrong attributes')
    this.#children = element.children.filter((child) => typeof child !== 'string')
    if (this.#children.length !== element.children.length) {
      throw invalid(path, 'có chữ nằm ngoài các phần tử / has text between elements')
    }
  }

  /** The next child, which must have this name. */
  take<Value>(name: string, read: (child: XmlElement, path: string) => Value, namespace = EDXML): Value {
    const value = this.optional(name, read, namespace)
    if (value !== undefined) return value
    throw invalid(`${this.#path}/${name}`, 'thiếu hoặc sai thứ tự / is missing or out of order')
  }

  /** The next child where it has this name, else undefined. */
  optional<Value>(
    name: string,
    read: (child: XmlElement, path: string) => Value,
    namespace = EDXML,
  ): Value | undefined {
    const child = this.#children[this.#next]
    if (child === undefined || !isNamed(child, { namespace, localName: name })) return undefined
    this.#next += 1
    return read(child, `${this.#path}/${name}`)
  }

  /** All next children of this name, at most `max`. */
  many<Value>(
    name: string,
    max: number,
    read: (child: XmlElement, path: string) => Value,
    namespace = EDXML,
  ): Value[] {
    const values: Value[] = []
    for (;;) {
      const place = `${name}[${values.length + 1}]`
      const value = this.optional(name, (child) => read(child, `${this.#path}/${place}`), namespace)
      if (value === undefined) return values
      if (values.length === max) {
        throw invalid(`${this.#path}/${place}`, `quá ${max} phần tử / more than ${max} elements`)
      }
      values.push(value)
    }
  }

  /** To be called when every known child was asked for. */
  finish(): void {
    const child = this.#children[this.#next]
    if (child !== undefined) {
      throw invalid(
        `${this.#path}/${child.localName}`,
        `không thuộc về ${this.#element.localName} / does not belong into ${this.#element.localName}`,
      )
    }
  }
}

/** A reader of leaves: `parse` answers undefined for text of another form. */
export function leafOf<Value>(parse: (text: string) => Value | undefined) {
  return (element: XmlElement, path: string): Value => {
    const [text, ...others] = element.children
    if (typeof text !== 'string' || others.length > 0 || element.attributes.length > 0) {
      throw invalid(path, 'phải chứa đúng một đoạn chữ / must hold one text')
    }
    const value = parse(text)
    if (value === undefined)
      throw invalid(path, `giá trị sai dạng / value of a wrong form: "${text.slice(0, 50)}"`)
    return value
  }
}

export const textLeaf = leafOf((text) => text)

/** Only the properties that are there: an absent element makes no property. */
export function withoutAbsent<Properties extends object>(properties: Properties) {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))
}

function invalid(field: string, reason: string): CongvanError {
  return new CongvanError('INPUT_INVALID', { field, reason })
}
