import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { commentsIn } from '../reference/comments.ts';
import { schemaText } from '../reference/schema-text.ts';

const nothingNamed = () => undefined;

const Jar = Type.Object({
  id: Type.String({ format: 'uuid' }),
  title: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
  state: Type.Union([Type.Literal('open'), Type.Literal('closed')]),
  tips: Type.Array(Type.Object({ points: Type.Integer({ minimum: 1 }) })),
  more: Type.Record(Type.String(), Type.Unknown()),
});

test('a schema reads as a type, with its limits in comments', () => {
  expect(schemaText(Jar, nothingNamed)).toBe(`{
  /** (uuid) */
  id: string;
  /** (not empty, at most 80 characters) */
  title?: string;
  state: "open" | "closed";
  tips: {
    /** (whole, at least 1) */
    points: number;
  }[];
  more: Record<string, unknown>;
}`);
});

test('what has a name is told by it', () => {
  const named = (schema: object) => (schema === Jar ? 'Jar' : undefined);
  expect(schemaText(Type.Array(Jar), named)).toBe('Jar[]');
});

test('comments of the declaration stand above the fields they belong to', () => {
  const declaration = `export declare const Jar: Type.TObject<{
    /** Whose it is. */
    id: Type.TString;
    title: Type.TOptional<Type.TString>;
    state: Type.TUnion<[Type.TLiteral<"open">, Type.TLiteral<"closed">]>;
    tips: Type.TArray<Type.TObject<{
        /** Given
         * at once. */
        points: Type.TInteger;
    }>>;
    more: Type.TRecord<"^.*$", Type.TUnknown>;
}>;`;
  const text = schemaText(Jar, nothingNamed, commentsIn(declaration));
  expect(text).toContain('/** Whose it is. (uuid) */\n  id: string;');
  expect(text).toContain('/** Given at once. (whole, at least 1) */\n    points: number;');
});
