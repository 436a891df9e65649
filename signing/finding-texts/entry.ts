/** What a finding means, in a sentence that a clerk understands; the finding's own message carries the particulars. */
export interface FindingText {
  readonly vi: string
  readonly en: string
}

export type FindingTexts = Readonly<Record<string, FindingText>>
