/** The settings of alerts, by the environment variables that Reloader reads. */
import { httpUrl } from './url.ts';

export const SINKS = ['slack', 'teams', 'gchat', 'raw'] as const;

export type Sink = (typeof SINKS)[number];

/** Holds secrets (both URLs): not for a log. */
export interface AlertSettings {
  readonly sink: Sink;
  readonly url: URL;
  readonly proxy?: URL;
  /** Stands before each message: the cluster's name, say. */
  readonly additionalInfo?: string;
}

export type AlertSettingsResult =
  /** Without settings: alerts are off. */
  { readonly ok: true; readonly settings?: AlertSettings } | { readonly ok: false; readonly faults: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

const FAULTS = {
  on: 'ALERT_ON_RELOAD must be "true" or "false"',
  sink: 'ALERT_SINK must be one of slack, teams, gchat, webhook, raw',
  noUrl: 'ALERT_WEBHOOK_URL must be set when ALERT_ON_RELOAD is "true"',
  url: 'ALERT_WEBHOOK_URL must be an http:// or https:// URL',
  proxy: 'ALERT_WEBHOOK_PROXY must be an http:// or https:// URL',
  node: 'ALERT_WEBHOOK_PROXY needs Node 24.5 or later',
} as const;

/**
 * Reads the settings. A fault names the variable and the right form, never the value: most of the values are secrets,
 * and one that was put into the wrong variable is still one.
 */
export function alertSettings(environment: Environment, node: string = process.versions.node): AlertSettingsResult {
  const value = (name: string): string => environment[name]?.trim() ?? '';
  const on = value('ALERT_ON_RELOAD');
  if (on === '' || on === 'false') return { ok: true };

  const sink = sinkOf(value('ALERT_SINK'));
  const url = httpUrl(value('ALERT_WEBHOOK_URL'));
  const proxyText = value('ALERT_WEBHOOK_PROXY');
  const proxy = httpUrl(proxyText);
  const additionalInfo = value('ALERT_ADDITIONAL_INFO');

  const faults: string[] = [];
  if (on !== 'true') faults.push(FAULTS.on);
  if (sink === undefined) faults.push(FAULTS.sink);
  if (url === undefined) faults.push(value('ALERT_WEBHOOK_URL') === '' ? FAULTS.noUrl : FAULTS.url);
  if (proxyText !== '') faults.push(...proxyFaults(proxy, node));
  if (faults.length > 0 || sink === undefined || url === undefined) return { ok: false, faults };
  return {
    ok: true,
    settings: {
      sink,
      url,
      ...(proxy === undefined ? {} : { proxy }),
      ...(additionalInfo === '' ? {} : { additionalInfo }),
    },
  };
}

/** Reloader's documentation says `webhook` for what its code calls `raw`. */
function sinkOf(text: string): Sink | undefined {
  const name = text.toLowerCase();
  return name === '' || name === 'webhook' ? 'raw' : SINKS.find((sink) => sink === name);
}

/** An older Node would ignore the proxy and connect directly: https://nodejs.org/api/http.html#new-agentoptions */
function proxyFaults(proxy: URL | undefined, node: string): string[] {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const isTooOld = major < 24 || (major === 24 && minor < 5);
  return [...(proxy === undefined ? [FAULTS.proxy] : []), ...(isTooOld ? [FAULTS.node] : [])];
}
