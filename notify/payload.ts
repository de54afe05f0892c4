/** What each receiver is sent. Shape and member names are those of Reloader 1.4, so that receivers keep working. */
import { type Alert, alertText } from './alert.ts';
import type { Message } from './http.ts';
import type { AlertSettings, Sink } from './settings.ts';

/**
 * The least of the receivers is Google Chat with 32,000 bytes, and a character has up to four:
 * https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
 */
const TEXT_LIMIT = 4000;

/** The message for the receiver that the settings name. */
export function payload(
  alert: Alert,
  { sink, additionalInfo }: Pick<AlertSettings, 'sink' | 'additionalInfo'>,
): Message {
  const text = alertText(alert);
  // As it was set: whoever runs restamp may well want a mention or a link in it.
  return PAYLOADS[sink](clipped(additionalInfo === undefined ? text : `${additionalInfo} : ${text}`));
}

function clipped(text: string): string {
  return text.length <= TEXT_LIMIT ? text : `${text.slice(0, TEXT_LIMIT - 1)}…`;
}

/** A message of JSON. */
export function jsonMessage(body: unknown): Message {
  return { contentType: 'application/json', body: JSON.stringify(body) };
}

const PAYLOADS: Readonly<Record<Sink, (text: string) => Message>> = {
  // Without `fallback` a notification on a phone says that there is no preview.
  slack: (text) => jsonMessage({ attachments: [{ color: 'good', author_name: 'restamp', text, fallback: text }] }),
  teams: (text) => jsonMessage({ text, type: 'message', attachments: [adaptiveCard(text)] }),
  gchat: (text) => jsonMessage({ text }),
  raw: (text) => ({ contentType: 'text/plain; charset=utf-8', body: text }),
};

/**
 * A Workflow of Teams posts the cards in `attachments` and fails on a message without any; the connectors that took
 * `text`, Reloader's form, were retired in 2026. Flows that people built for Reloader read `text`: so both are sent.
 */
function adaptiveCard(text: string): object {
  return {
    contentType: 'application/vnd.microsoft.card.adaptive',
    content: {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.2',
      body: [{ type: 'TextBlock', text, wrap: true }],
    },
  };
}
