/** What an agency decides for itself about its documents. Pure: the settings with their defaults. */
import { z } from 'zod'
import { documentKinds, findKind } from '../registers/document-kinds.ts'

export const checkKinds = ['content', 'form'] as const
/** Content: by the head of the drafting unit (NĐ 30/2020 art 12.1); form: by the person assigned (art 12.2). */
export type CheckKind = (typeof checkKinds)[number]

const kindNames = new Set(documentKinds.map((kind) => kind.name))
/** One of the 29 kinds, under its own spelling. */
const kindName = z
  .string()
  .transform((name) => findKind(name)?.name ?? name)
  .pipe(z.enum([...kindNames] as [string, ...string[]]))

/** File name extensions that may be attached (NB161 art 8.3a), unless an agency decides otherwise. */
const usualAttachments = [
  'pdf',
  'docx',
  'xlsx',
  'pptx',
  'odt',
  'ods',
  'odp',
  'txt',
  'csv',
  'xml',
  'zip',
  'jpg',
  'png',
]

/** The authorities whose certificates VGCA ships, as they name themselves; diacritics and case do not count. */
const usualPublicDuty = [
  'Co quan chung thuc so chuyen dung Chinh phu (RootCA)',
  'Co quan chung thuc so Chinh phu (CP)',
  'Co quan chung thuc so Bo Tai chinh',
  'Co quan chung thuc so Bo Cong an',
  'Co quan chung thuc so Bo Ngoai giao',
  'Co quan chung thuc so Dang Cong san',
]
const usualPublic = ['Vietnam National Root CA', 'MIC National Root CA']

export const agencySettings = z.strictObject({
  /** Diameter of the agency's seal as it stands on the page, millimetres (NĐ 30/2020 Phụ lục I, II.8a). */
  sealDiameterMm: z.number().min(20).max(60).default(36),
  /**
   * Whether every account bears its owner's name, so that who signs straight from a draft is compared with it as well
   * (NB165 art 6.6). An account may bear a title instead; what is presented to an account is always compared.
   */
  accountNamesPerson: z.boolean().default(false),
  /** Checks that must have passed on the version that is signed (art 12). */
  requiredChecks: z.array(z.enum(checkKinds)).max(2).default([]),
  /** Days within which an answer is asked for where a draft says nothing, by kind of document. */
  defaultDueDays: z.partialRecord(kindName, z.int().min(1).max(365)).default({}),
  /** Viết tắt tên cơ quan, as it stands in symbols (`UBND`). */
  shortName: z.string().min(1).max(20).nullable().default(null),
  /** Whether a paper original is kept of every issued document (art 19.2c). */
  keepPaper: z.boolean().default(false),
  /** Kinds that go out electronically only: paper beside it needs a reason (NB161 art 6, ĐT144 art 4.3). */
  electronicOnlyKinds: z.array(kindName).max(50).default([]),
  /** Extensions of files that may be attached, in lower case. */
  attachmentTypes: z
    .array(z.string().regex(/^[a-z0-9]{1,10}$/))
    .max(50)
    .default(usualAttachments),
  /** Working days in which an incoming document is handled where nobody gives a deadline, by its kind (art 24.2). */
  handlingDays: z.record(z.string().trim().min(1).max(100), z.int().min(1).max(365)).default({}),
  /** The same for every kind that is not named; null: no deadline of itself. */
  handlingDaysOtherwise: z.int().min(1).max(365).nullable().default(null),
  /** The same for what is marked urgent: at once, so never more than for its kind (art 24.2). */
  urgentHandlingDays: z.int().min(0).max(30).default(1),
  /** A deadline is near so many working days before it. */
  dueSoonDays: z.int().min(0).max(30).default(3),
  /** How long an urgent document may wait to be registered or handed over before it is late (arts 4.2c, 23.1). */
  urgentMinutes: z.int().min(1).max(1440).default(60),
  /** Names of the authorities of the public-duty service (chuyên dùng công vụ); a path through one of them is theirs. */
  publicDutyAuthorities: z.array(z.string().min(1).max(200)).max(100).default(usualPublicDuty),
  /** Names of the roots above the public authorities. */
  publicAuthorities: z.array(z.string().min(1).max(200)).max(100).default(usualPublic),
  /** From this day on state bodies sign with public-duty certificates only (NB165 art 8.1). */
  publicDutySince: z.iso.date().default('2025-12-31'),
  /** Prefixes that need a recorded right beside TUQ., which always does (arts 13.1, 13.4). */
  authorisedPrefixes: z
    .array(z.enum(['KT.', 'TL.']))
    .max(2)
    .default([]),
  /** Whether an excerpt of an electronic document may be an electronic copy (arts 25.3a against 33.2). */
  allowElectronicExtracts: z.boolean().default(false),
})
export type AgencySettings = z.output<typeof agencySettings>
