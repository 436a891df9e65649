import { type ExpandedName, expandedName } from './names.ts'

/**
 * An XML element as a plain value: no entities, comments, processing instructions or CDATA sections; adjacent
 * text is one string. This is what the canonical writer writes and what a verified file is read from.
 */
export interface XmlElement extends ExpandedName {
  readonly prefix: string
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly (XmlElement | string)[]
}

/** Namespace declarations are not attributes here: the writer derives them from the prefixes in use. */
export interface XmlAttribute extends ExpandedName {
  readonly prefix: string
  readonly value: string
}

/** A maker of elements of one namespace under one prefix. Attributes are those without a namespace. */
export function elementMaker(namespace: string, prefix: string) {
  return (
    localName: string,
    attributes: Readonly<Record<string, string>>,
    children: readonly (XmlElement | string)[],
  ): XmlElement => ({
    namespace,
    prefix,
    localName,
    attributes: Object.entries(attributes).map(([name, value]) => ({
      namespace: '',
      prefix: '',
      localName: name,
      value,
    })),
    children,
  })
}

export function isNamed(element: XmlElement, name: ExpandedName): boolean {
  return element.localName === name.localName && element.namespace === name.namespace
}

/** The attribute without a namespace, or undefined. */
export function attributeOf(element: XmlElement, localName: string): string | undefined {
  return element.attributes.find((one) => one.namespace === '' && one.localName === localName)?.value
}

/** `{namespace}local` of an element, for messages. */
export function nameOf(element: XmlElement): string {
  return expandedName(element)
}
