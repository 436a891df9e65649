import { X509Certificate } from 'node:crypto'
import type { Command } from 'commander'
import { z } from 'zod'
import { evidenceFindingText } from '../../server/relay/evidence/findings.ts'
import { type EvidenceReport, verifyEvidence } from '../../server/relay/evidence/verify-evidence.ts'
import { nodeKeyFingerprint } from '../../signing/index.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { evidenceText } from '../evidence-text.ts'
import { describeFailure, failureJson } from '../failure.ts'
import { jsonLine } from '../output.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { loadMaterial } from '../trust-material.ts'
import { usageError } from '../usage.ts'

const optionsForm = z.object({
  trust: z.array(z.string()),
  root: z.array(z.string()),
  untrusted: z.array(z.string()),
  crl: z.array(z.string()),
})
type Options = z.output<typeof optionsForm>

export function defineVerifyEvidence(command: Command, invoke: Invoke): void {
  command
    .argument(
      '<file>',
      described('gói chứng cứ (ZIP); "-" là đầu vào chuẩn', 'the bundle; "-" is standard input'),
    )
    .option(
      '--trust <path>',
      described(
        'chứng thư tin cậy: CA của người ký, chứng thư nút',
        'trusted authorities and node certificates',
      ),
      repeatable,
      [],
    )
    .option(
      '--root <fingerprint>',
      described(
        'dấu vân tay khóa của nút gốc danh bạ, hoặc tệp chứng thư',
        'key of the directory’s root, or its certificate',
      ),
      repeatable,
      [],
    )
    .option(
      '--untrusted <path>',
      described('chứng thư trung gian', 'intermediate certificates'),
      repeatable,
      [],
    )
    .option('--crl <path>', described('danh sách thu hồi', 'revocation lists'), repeatable, [])
    .addHelpText('after', help)
    .action((file: string, options: unknown) =>
      invoke((context) => verify(file, parseOptions(optionsForm, options, context.language), context)),
    )
}

const help = `
Mã thoát / Exit codes:
  0 mọi điều được chứng minh / everything is proven
  1 có điều sai / something is false
  2 không có gì sai nhưng chưa đủ hoặc chưa tin được / not false, not complete or not trusted
  3 không đọc được gói / the bundle cannot be read
  64 sai cách dùng / usage
  Ưu tiên / precedence: 3 > 1 > 2

Nút nào phục vụ cơ quan nào do danh bạ đã ký chứng minh, tính từ khóa của nút gốc: --root, hoặc chứng thư
của nút gốc nếu đó là chứng thư nút duy nhất trong --trust. Một CA chỉ cho biết nút là ai, không cho biết nút nào là gốc.
Which node hosted which agency is proven by the signed directory, from the root's key on: --root, or the root's
certificate where it is the only node certificate in --trust. A CA tells who a node is, not which one is the root.

Chỉ có CA (--trust ca.pem) / with an authority alone:
  đúng / holds: các tệp còn nguyên, chữ ký của người và cơ quan, mọi dấu niêm phong, diễn biến đủ và không
  mâu thuẫn / files unchanged, signatures of people and agency, every seal, the course of events is complete;
  chưa / not: nút nào có quyền nói điều đó; nếu nút tự ký chứng thư (cert node-key) thì cả khóa là của nút nào
  / which node was entitled to say so; where nodes sign their own certificates (cert node-key), whose the keys are.
  Mã thoát 2; kết quả nêu khóa của nút gốc cần đối chiếu / exit code 2, with the root's key that is to be compared.
Một tệp cho tất cả / one file for all:
  cat ca-nguoi-ky.pem nut-goc.pem > ca.pem && congvan verify-evidence out.zip --trust ca.pem
  (certificates/ trong gói có chứng thư của các nút, chỉ dùng sau khi đối chiếu dấu vân tay
  / certificates/ in the bundle has those of the nodes, to be used only after comparing the fingerprint)`

/** @returns 0 all proven, 1 something false, 2 not false but not complete or trusted; 3 by the error of a bundle unread */
async function verify(file: string, options: Options, context: CommandContext): Promise<number> {
  const given = {
    anchors: await loadMaterial('--trust', options.trust, 'certificate', context),
    untrusted: await loadMaterial('--untrusted', options.untrusted, 'certificate', context),
    crls: await loadMaterial('--crl', options.crl, 'crl', context),
    roots: await rootsOf(options.root, context),
  }
  let bytes: Uint8Array
  try {
    bytes = await readInput(file, context)
  } catch (error) {
    // A file that is not there is as little read as one that is no bundle.
    const failure = describeFailure(error, context.language)
    if (context.json) context.output.diagnostic(jsonLine({ error: failureJson(failure) }))
    else context.output.message(failure.message)
    return 3
  }
  const report = await verifyEvidence(bytes, given, context.io.now())
  if (context.json) await context.output.json(reportJson(file, report, context))
  else await context.output.result(evidenceText(file, report, context.language))
  return report.verdict === 'PROVEN' ? 0 : report.verdict === 'FALSE' ? 1 : 2
}

const FINGERPRINT = /^[0-9a-f]{64}$/

async function rootsOf(values: readonly string[], context: CommandContext): Promise<string[]> {
  const roots: string[] = []
  for (const value of values) {
    const plain = value.replaceAll(':', '').toLowerCase()
    if (FINGERPRINT.test(plain)) roots.push(plain)
    else
      for (const der of await loadMaterial('--root', [value], 'certificate', context))
        roots.push(rootKey(der, value, context))
  }
  return roots
}

function rootKey(der: Uint8Array, value: string, { language }: CommandContext): string {
  if (!new X509Certificate(der).ca) return nodeKeyFingerprint(der)
  const reason = {
    vi: `--root ${value}: đây là chứng thư CA, không phải chứng thư của một nút`,
    en: `--root ${value}: this is an authority's certificate, not that of a node`,
  }
  throw usageError(reason, language)
}

/** The line of `--json`. Verdicts and codes are language-free; `message` is for people. */
function reportJson(file: string, report: EvidenceReport, { language }: CommandContext): object {
  const { verdict, aspects, document, root, deliveries } = report
  return {
    file,
    verdict,
    aspects,
    document,
    root,
    files: report.files.map(({ signatures, ...one }) => ({
      ...one,
      indication: signatures?.indication ?? null,
      subIndication: signatures?.subIndication ?? null,
      signers: (signatures?.signatures ?? []).map((signature) => ({
        role: signature.role,
        subject: signature.signer?.subject ?? null,
        indication: signature.indication,
      })),
    })),
    deliveries,
    findings: report.findings.map((one) => ({ ...one, message: evidenceFindingText(one, language) })),
  }
}
