/** An answer that is an error: a status, Discord's number of the error, and its words. */
export class Refusal extends Error {
  readonly status: number
  readonly body: object

  constructor(status: number, code: number, message: string, errors?: object) {
    super(message)
    this.status = status
    this.body = errors === undefined ? { message, code } : { message, code, errors }
  }
}

export const unauthorized = (): Refusal => new Refusal(401, 0, '401: Unauthorized')
export const unknownPath = (): Refusal => new Refusal(404, 0, '404: Not Found')
export const wrongMethod = (): Refusal => new Refusal(405, 0, '405: Method Not Allowed')
export const unknown = {
  channel: (): Refusal => new Refusal(404, 10_003, 'Unknown Channel'),
  guild: (): Refusal => new Refusal(404, 10_004, 'Unknown Guild'),
  member: (): Refusal => new Refusal(404, 10_007, 'Unknown Member'),
  message: (): Refusal => new Refusal(404, 10_008, 'Unknown Message'),
  user: (): Refusal => new Refusal(404, 10_013, 'Unknown User'),
}
export const missingAccess = (): Refusal => new Refusal(403, 50_001, 'Missing Access')
export const missingPermissions = (): Refusal => new Refusal(403, 50_013, 'Missing Permissions')
export const emptyMessage = (): Refusal => new Refusal(400, 50_006, 'Cannot send an empty message')
export const invalidJson = (): Refusal => new Refusal(400, 50_109, 'The request body contains invalid JSON.')

/** One field is wrong. */
export function invalidField(field: string, code: string, message: string): Refusal {
  return new Refusal(400, 50_035, 'Invalid Form Body', { [field]: { _errors: [{ code, message }] } })
}
