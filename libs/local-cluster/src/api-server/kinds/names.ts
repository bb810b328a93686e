const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_CHARACTERS =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** Each function answers the rules that a name breaks, in the real API server's words. */
export type NameRule = (name: string) => string[];

export const dnsLabel: NameRule = (name) => [
  ...(name.length > 63 ? ['must be no more than 63 characters'] : []),
  ...(LABEL.test(name) ? [] : [LABEL_RULE]),
];

export const dnsSubdomain: NameRule = (name) => [
  ...(name.length > 253 ? ['must be no more than 253 characters'] : []),
  ...(SUBDOMAIN.test(name) ? [] : [SUBDOMAIN_RULE]),
];

export const namespaceName: NameRule = (name) => (name.includes('.') ? ['must not contain dots'] : dnsLabel(name));

/** A label's or annotation's key: a name with an optional domain in front. */
export const qualifiedName: NameRule = (key) => {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a qualified name ${NAME_CHARACTERS} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const [name = '', prefix] = parts.reverse();
  return [
    ...(prefix === '' ? ['prefix part must be non-empty'] : []),
    ...(prefix ? dnsSubdomain(prefix).map((rule) => `prefix part ${rule}`) : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > 63 ? ['name part must be no more than 63 characters'] : []),
    ...(NAME_PART.test(name) ? [] : [`name part ${NAME_CHARACTERS}`]),
  ];
};

export const labelValue: NameRule = (value) => [
  ...(value.length > 63 ? ['must be no more than 63 characters'] : []),
  ...(VALUE.test(value) ? [] : [VALUE_RULE]),
];
