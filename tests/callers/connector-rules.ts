// The rules that a custom connector of Power Automate has to keep, as Microsoft publishes them ("Custom
// connector coding standards", the schemas of microsoft/PowerPlatformConnectors). Each broken rule is a
// sentence. Knows nothing of how the files are made.

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const asObject = (value: unknown): Json => (isObject(value) ? value : {});
const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The x-ms- names that the published schema of definitions knows. */
const knownExtensions = (
  'api-annotation capabilities connector-metadata deployment-version docs dynamic-list dynamic-properties ' +
  'dynamic-schema dynamic-tree dynamic-values enum enum-values media-kind no-generic-test notification ' +
  'notification-content notification-url operation-context pageable parameter-location safe-operation ' +
  'skip-url-encoding summary test-value trigger trigger-hint trigger-metadata trigger-value url-encoding visibility'
)
  .split(' ')
  .map((name) => `x-ms-${name}`);
const identityProviders = ['oauth2', 'oauth2generic', 'aad', 'aadcertificate', 'facebook'];
const aadParameters = ['resourceUri', 'loginUri', 'tenantId'];
const lowerCaseWords = ['at', 'if', 'with', 'of', 'the', 'a', 'an', 'in', 'to'];
const statusesToList = '400 401 403 404 409 411 413 415 422 429 500 503'.split(' ');

const isTitleCase = (text: string): boolean =>
  text !== '' &&
  text
    .split(/[ -]/)
    .every((word, index) => /^[A-Z]/.test(word) || (index > 0 && lowerCaseWords.includes(word)));
const isSentence = (text: string): boolean => /^[A-Z].*\.$/s.test(text);

interface Node {
  readonly path: string;
  readonly value: Json;
}

function* walk(value: unknown, path = ''): Generator<Node> {
  if (!isObject(value)) return;
  yield { path, value };
  for (const [name, child] of Object.entries(value)) yield* walk(child, `${path}/${name}`);
}

function described(path: string, value: Json): string[] {
  const summary = asText(value['x-ms-summary']);
  const description = asText(value['description']);
  return [
    ...(isTitleCase(summary) ? [] : [`${path}: x-ms-summary is not in title case`]),
    ...(isSentence(description) ? [] : [`${path}: the description is no sentence with a period`]),
    ...(summary === description ? [`${path}: summary and description are the same`] : []),
  ];
}

function infoRules(info: Json): string[] {
  const title = asText(info['title']);
  const description = asText(info['description']);
  const forbidden = /\b(API|Connector|Power (Apps|Automate|BI|Platform|Pages)|Copilot Studio)\b/i;
  return [
    ...(title === '' || forbidden.test(title) ? ['info: the title holds a forbidden word'] : []),
    ...(description.length < 30 || description.length > 500
      ? ['info: the description has not 30 to 500 characters']
      : []),
    ...(title === description ? ['info: title and description are the same'] : []),
  ];
}

function responseRules(path: string, responses: Json): string[] {
  const good = Object.entries(responses).filter(([status]) => /^2\d\d$/.test(status));
  const missing = statusesToList.filter((status) => !(status in responses));
  return [
    ...(good.some(([, response]) => isObject(asObject(response)['schema']))
      ? []
      : [`${path}: no 2xx response with a schema`]),
    ...missing.map((status) => `${path}: the response ${status} is not listed`),
  ];
}

function operationRules(path: string, operation: Json): string[] {
  const summary = asText(operation['summary']);
  const description = asText(operation['description']);
  return [
    ...(/^[A-Z][A-Za-z0-9]*$/.test(asText(operation['operationId']))
      ? []
      : [`${path}: the operationId is not in PascalCase`]),
    ...(summary === '' || summary === description ? [`${path}: no summary of its own`] : []),
    ...(isSentence(description) ? [] : [`${path}: the description is no sentence with a period`]),
    ...(operation['x-ms-no-generic-test'] === true ? [] : [`${path}: a generic test is allowed`]),
    ...(operation['x-ms-safe-operation'] === false ? [] : [`${path}: it is not said to be unsafe`]),
    ...responseRules(path, asObject(operation['responses'])),
  ];
}

function valueRules({ path, value }: Node): string[] {
  const extensions = Object.keys(value).filter((name) => name.startsWith('x-ms-'));
  const visibility = value['x-ms-visibility'];
  return [
    ...extensions
      .filter((name) => !knownExtensions.includes(name))
      .map((name) => `${path}: ${name} is unknown`),
    ...('x-ms-test-value' in value ? [`${path}: a test value could hold a secret`] : []),
    ...(visibility === undefined ||
    ['important', 'advanced', 'internal'].includes(asText(visibility))
      ? []
      : [`${path}: an unknown visibility`]),
    ...(/\/properties\/Password$/.test(path) && value['format'] !== 'password'
      ? [`${path}: not marked as a password`]
      : []),
  ];
}

/** Members with a plain type, and parameters but the body, are what a maker sees. */
const isShown = ({ path, value }: Node): boolean =>
  typeof value['type'] === 'string' &&
  value['type'] !== 'object' &&
  /\/(properties|parameters)\/[^/]+$/.test(path);

export function brokenDefinitionRules(text: string): string[] {
  const definition: unknown = JSON.parse(text);
  const root = asObject(definition);
  const nodes = [...walk(definition)];
  const operations = nodes.filter(({ path }) => /^\/paths\/.+\/(get|post)$/.test(path));
  const metadata = Object.values(asObject(root['x-ms-connector-metadata'])).map(
    (entry) => asObject(entry)['propertyName'],
  );
  return [
    ...(root['swagger'] === '2.0' ? [] : ['the version is not 2.0']),
    ...infoRules(asObject(root['info'])),
    ...(operations.length > 0 ? [] : ['there is no operation']),
    ...operations.flatMap(({ path, value }) => operationRules(path, value)),
    ...nodes.filter(isShown).flatMap(({ path, value }) => described(path, value)),
    ...nodes.flatMap(valueRules),
    ...['Website', 'Privacy policy', 'Categories']
      .filter((name) => !metadata.includes(name))
      .map((name) => `the metadata has no ${name}`),
    ...indentationRule(text),
  ];
}

export function brokenPropertiesRules(text: string): string[] {
  const parsed: unknown = JSON.parse(text);
  const properties = asObject(asObject(parsed)['properties']);
  const colour = asText(properties['iconBrandColor']).toLowerCase();
  const settings = [...walk(properties)].filter(({ path }) => path.endsWith('/oAuthSettings'));
  return [
    ...(/^#[0-9a-f]{6}$/.test(colour) && !['#007ee5', '#ffffff'].includes(colour)
      ? []
      : ['iconBrandColor is missing or one of the two forbidden ones']),
    ...(settings.length > 0 ? [] : ['there is no way to sign in']),
    ...settings.flatMap(({ value }) => signInRules(value)),
    ...indentationRule(text),
  ];
}

function signInRules(settings: Json): string[] {
  const provider = asText(settings['identityProvider']);
  const parameters = Object.keys(asObject(settings['customParameters']));
  return [
    ...(identityProviders.includes(provider) ? [] : ['an unknown identity provider']),
    ...(provider === 'aad' && !parameters.includes('resourceUri') ? ['no resourceUri'] : []),
    ...parameters
      .filter((name) => provider === 'aad' && !aadParameters.includes(name))
      .map((name) => `aad takes no ${name}`),
    ...('clientSecret' in settings ? ['a client secret stands in the file'] : []),
  ];
}

function indentationRule(text: string): string[] {
  const wrong = text.split('\n').findIndex((line) => (/^ */.exec(line)?.[0].length ?? 0) % 4 !== 0);
  const unindented = !/^ {4}"/m.test(text);
  return wrong >= 0 || unindented ? ['the indentation is not four spaces'] : [];
}
