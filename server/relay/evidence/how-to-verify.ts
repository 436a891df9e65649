/**
 * The text that tells how to check a bundle by hand. Every line that begins with four spaces and `$ ` is a command for
 * a POSIX shell in the unpacked folder, exactly as it stands; the tests run them. Pure.
 *
 * Whoever verifies a bundle writes the text anew and compares it: nobody can put a command of his own into it. A text
 * that has been in a release is never changed but under a new number, and the old one is kept beside the new one, since
 * bundles are evidence for years.
 */
import type { DocumentMessage } from '../../edxml/envelope.ts'
import type { BundleIndex } from './bundle.ts'

interface HowToFacts {
  readonly index: BundleIndex
  /** Số/KýHiệu and sender, as the envelope says. */
  readonly title: string
  /** When the first envelope was sealed. */
  readonly sealedAt: Date
}

/** The number of the text that this program writes. */
export const HOW_TO_VERSION = 1
const VERSION_LINE = 'Bản hướng dẫn số / text number:'

/** The number that a text says it has; undefined for one that says none. */
export function howToVersion(text: Uint8Array): number | undefined {
  const [, version] =
    new RegExp(`^${VERSION_LINE} ([0-9]{1,9})$`, 'm').exec(Buffer.from(text).toString('utf8')) ?? []
  return version === undefined ? undefined : Number(version)
}

/** The text of a bundle, by its index and its envelopes; undefined where there is no envelope. */
export function howToOf(
  index: BundleIndex,
  envelopes: Iterable<{
    readonly sha256: string
    readonly sealedAt: Date
    readonly message: DocumentMessage
  }>,
): Uint8Array | undefined {
  const [first] = [...envelopes].toSorted(
    (a, b) => a.sealedAt.getTime() - b.sealedAt.getTime() || (a.sha256 < b.sha256 ? -1 : 1),
  )
  if (first === undefined) return undefined
  const { code, from, subject } = first.message
  const title = `${code.codeNumber}/${code.codeNotation} – ${from.organName} (${from.organId}): ${subject}`
  return howToText({ index, title, sealedAt: first.sealedAt })
}

/** The commands, by what they show. None needs `congvan`. */
function commands(sealedAt: Date) {
  const seconds = Math.floor(sealedAt.getTime() / 1000)
  const named = (hash: string, folder: string) =>
    `case "$f" in ${folder}/"${hash}".*) ;; *) echo "$f"; exit 1;; esac`
  return {
    sums: 'sha256sum --quiet -c SHA256SUMS',
    names: `for f in document/* envelopes/* receipts/* statuses/*; do [ -e "$f" ] || continue; h=$(sha256sum < "$f" | cut -c1-64); ${named('$h', '*')}; done`,
    certificates:
      'for f in certificates/*.pem; do h=$(openssl x509 -in "$f" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64); [ "$f" = "certificates/$h.pem" ] || { echo "$f"; exit 1; }; done',
    listed:
      'for f in envelopes/*.xml receipts/*.xml statuses/*.xml; do [ -e "$f" ] || continue; grep -q "^$f " SEALS.txt || { echo "$f"; exit 1; }; done',
    seals:
      'while read -r f k n; do xmlsec1 --verify --enabled-key-data raw-x509-cert --pubkey-cert-pem "certificates/$k.pem" --id-attr:Id "http://uri.etsi.org/01903/v1.3.2#:SignedProperties" "$f" > check.log 2>&1 && grep -q "References (ok/all): 2/2" check.log || { echo "$f"; cat check.log; exit 1; }; done < SEALS.txt',
    manifest: `for h in $(grep -ohE '<cv:Sha256>[0-9a-f]{64}' envelopes/*.xml | cut -d'>' -f2); do ls document/$h.* > check.log || exit 1; done`,
    about: `for f in receipts/*.xml; do for h in $(grep -oE '<EnvelopeSha256>[0-9a-f]{64}' "$f" | cut -d'>' -f2); do [ -e "envelopes/$h.xml" ] || { echo "$f"; exit 1; }; done; done`,
    chain: `for f in receipts/*.xml; do for h in $(grep -oE '<PreviousReceiptSha256>[0-9a-f]{64}' "$f" | cut -d'>' -f2); do [ -e "receipts/$h.xml" ] || { echo "$f"; exit 1; }; done; done`,
    show: `for f in receipts/*.xml; do echo "== $f"; grep -oE '<(Event|ReasonCode|Time|IssuingNode|EnvelopeSha256|Series|OrganId|PreviousReceiptSha256)>[^<]*' "$f"; done`,
    statuses: `for f in statuses/*.xml; do [ -e "$f" ] || continue; echo "== $f"; grep -oE '<(OrganId|OrganName|DocumentId|Code|StatusCode|Description|Timestamp)>[^<]*' "$f"; done`,
    parts: `for f in directory/*.jws; do b="\${f%.jws}"; cut -d. -f1,2 "$f" | tr -d '\\n' | openssl dgst -sha256 -verify "$b.pem" -signature "$b.sig" > check.log || { echo "$f"; exit 1; }; done`,
    payloads: `for f in directory/*.jws; do s=$(cut -d. -f2 "$f" | tr '_-' '/+'); while [ $(( \${#s} % 4 )) -ne 0 ]; do s="$s="; done; printf %s "$s" | base64 -d; echo; done > directory.txt`,
    partKeys: `for f in directory/*.jws; do b="\${f%.jws}"; n=$(basename "$b"); n="\${n%-*}"; h=$(openssl pkey -pubin -in "$b.pem" -outform DER | sha256sum | cut -c1-64); grep -o "\\"id\\":\\"$n\\",\\"keys\\":\\[[^]]*\\]" directory.txt | grep -q "$h" || { echo "$f"; exit 1; }; done`,
    sealKeys: `while read -r f k n; do [ "$n" = - ] && n='[a-z0-9-]*'; grep -o "\\"id\\":\\"$n\\",\\"keys\\":\\[[^]]*\\]" directory.txt | grep -q "$k" || { echo "$f"; exit 1; }; done < SEALS.txt`,
    root: 'for f in directory/*.pem; do echo "$f $(openssl pkey -pubin -in "$f" -outform DER | sha256sum | cut -c1-64)"; done',
    hosts: `grep -oE '"code":"[^"]*"|"hostingNode":"[^"]*"|"valid(From|To)":("[^"]*"|null)' directory.txt`,
    pdf: `for f in document/*.pdf; do grep -aoE '/ByteRange *\\[ *[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ *\\]' "$f" | tr -c '0-9\\n' ' ' > ranges.txt; [ -s ranges.txt ] || echo "$f: không có chữ ký / no signature"; while read -r a b c d; do { tail -c +$((a+1)) "$f" | head -c "$b"; tail -c +$((c+1)) "$f" | head -c "$d"; } > signed.bin; tail -c +$((b+2)) "$f" | head -c $((c-b-2)) | tr a-f A-F | basenc --base16 -d > signature.der; openssl cms -verify -binary -inform DER -in signature.der -content signed.bin -CAfile ca.pem -purpose any -attime ${seconds} -out content.bin || exit 1; done < ranges.txt; done`,
  } as const
}

/** The name of each command, for tests that run one of them alone. */
export type HowToCommand = keyof ReturnType<typeof commands>

function howToText({ index, title, sealedAt }: HowToFacts): Uint8Array {
  const run = commands(sealedAt)
  const step = (vi: string, en: string, ...names: HowToCommand[]): string[] => [
    vi,
    en,
    '',
    ...names.map((name) => `    $ ${run[name]}`),
    '',
  ]
  // Nothing that a sender chose begins a line of its own: no name can pass for a command.
  const safe = (text: string) => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
  const names = index.files.map((one) => `  ${one.file}  =  ${safe(one.name)}`)
  const recipients = [...new Set(index.deliveries.map((one) => one.recipient))].join(', ')
  return Buffer.from(
    [
      'GÓI CHỨNG CỨ GỬI, NHẬN VĂN BẢN ĐIỆN TỬ / EVIDENCE OF AN EXCHANGED DOCUMENT',
      `${VERSION_LINE} ${HOW_TO_VERSION}`,
      '',
      `Văn bản / document: ${safe(title)}`,
      `Nơi nhận / recipients: ${recipients}`,
      'Tệp / files:',
      ...names,
      '',
      'Cách nhanh / the short way: congvan verify-evidence GÓI.zip --trust ca.pem --root DẤU_VÂN_TAY',
      '',
      'KIỂM TRA BẰNG TAY: giải nén vào một thư mục trống, mở thư mục đó, chạy từng lệnh. Lệnh nào dừng với mã khác 0',
      'là chỗ sai; tên tệp sai được in ra. Cần: sha256sum, xmlsec1 1.2 (từ 1.3 thêm --lax-key-search), openssl 3.',
      'BY HAND: unpack into an empty folder, go there, run each command. One that ends with another code than 0 has',
      'found something wrong and names the file. Needed: sha256sum, xmlsec1 1.2 (from 1.3 on add --lax-key-search), openssl 3.',
      '',
      ...step(
        '1. Tệp còn nguyên; tên tệp là giá trị băm SHA-256 của chính nó (chứng thư: của khóa).',
        '1. Files are whole; they are named by their own SHA-256 (certificates by that of their key).',
        'sums',
        'names',
        'certificates',
      ),
      ...step(
        '2. Mọi gói tin, biên nhận, trạng thái được niêm phong bằng khóa của một nút; khóa nào, xem SEALS.txt.',
        '2. Every envelope, receipt and status is sealed by a node’s key; SEALS.txt tells which.',
        'listed',
        'seals',
      ),
      ...step(
        '3. Các tệp văn bản đúng là các tệp mà gói tin đã niêm phong kê ra.',
        '3. The files are those that the sealed envelope lists.',
        'manifest',
      ),
      ...step(
        '4. Biên nhận nói về gói tin này và nối nhau thành chuỗi: mỗi biên nhận ghi giá trị băm của biên nhận trước.',
        '4. Receipts are about this envelope and make a chain: each names the hash of the one before.',
        'about',
        'chain',
      ),
      'Đọc từng nơi nhận / read for each recipient: SubmissionAcceptance (nút của bên gửi đã nhận gửi / accepted by the',
      'sender’s node) → RelayAcceptance (nút trung gian đã nhận chuyển / taken over by a node on the way) →',
      'ContentConsignment (nút của nơi nhận đã đặt văn bản trước văn thư, "đã đến" / laid before the recipient’s clerk) →',
      'ContentHandover (văn thư đã tiếp nhận / accepted by the clerk). ContentConsignmentFailure, RelayRejection, Expiry:',
      'không đến / did not arrive. Mỗi nơi nhận chỉ có một kết thúc / one end for each recipient.',
      '',
      `    $ ${run.show}`,
      `    $ ${run.statuses}`,
      '',
      ...step(
        '5. Khóa là của nút nào: phần danh bạ do nút cấp trên ký, lên đến nút gốc.',
        '5. Whose the keys are: parts of the directory, each signed by the node above, up to the root.',
        'parts',
        'payloads',
        'partKeys',
        'sealKeys',
      ),
      'Đối chiếu dấu vân tay khóa của nút gốc với nguồn khác (văn bản, trang tin của cơ quan vận hành); thời gian hiệu lực',
      'của khóa (validFrom, validTo) phải bao trùm lúc niêm phong; "hostingNode" cho biết nút nào phục vụ cơ quan nào.',
      'Compare the fingerprint of the root’s key with another source; the times of a key must cover the seal;',
      '"hostingNode" tells which node hosts which agency.',
      '',
      `    $ ${run.root}`,
      `    $ ${run.hosts}`,
      '',
      ...step(
        '6. Chữ ký số của người và của cơ quan trong PDF. ca.pem: chứng thư gốc mà bạn tin, đặt trong thư mục này.',
        '6. The signatures of people and agencies in the PDF. ca.pem: the authorities that you trust, put here.',
        'pdf',
      ),
      'Lệnh này xét từng chữ ký với đúng vùng byte đã ký; thay đổi sau khi ký cần phần mềm đọc PDF hoặc congvan verify.',
      'It checks each signature over the bytes that it covers; changes after signing need a PDF program or congvan verify.',
      '',
    ].join('\n'),
  )
}
