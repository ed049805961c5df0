import ts from 'typescript';

const { SyntaxKind } = ts;

/** What each operator is exchanged for. */
const OPERATORS = new Map([
  [SyntaxKind.LessThanToken, ['<=', '>=']],
  [SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [SyntaxKind.AmpersandAmpersandToken, ['||']],
  [SyntaxKind.BarBarToken, ['&&']],
  [SyntaxKind.QuestionQuestionToken, ['&&']],
  [SyntaxKind.PlusToken, ['-']],
  [SyntaxKind.MinusToken, ['+']],
  [SyntaxKind.AsteriskToken, ['/']],
  [SyntaxKind.SlashToken, ['*']],
  [SyntaxKind.AsteriskAsteriskToken, ['*']],
  [SyntaxKind.PlusEqualsToken, ['-=', '=']],
]);

/** What each function is exchanged for. */
const CALLS = new Map([
  ['Math.min', 'Math.max'],
  ['Math.max', 'Math.min'],
]);

/**
 * One small change of the program.
 * @typedef {object} Mutant
 * @property {number} line
 * @property {string} code the line that it is on, or begins on
 * @property {string} from the text that is replaced
 * @property {string} to what takes its place
 * @property {string} source the whole file with the change
 */

/**
 * Every change there is: a statement left out, a condition that always or never holds, another operator, number, text.
 * @param {string} source TypeScript
 * @returns {Mutant[]}
 */
export function mutantsOf(source) {
  const file = ts.createSourceFile('mutated.ts', source, ts.ScriptTarget.Latest, true);
  const lines = source.split('\n');
  const mutants = [];
  const replace = (node, to) => {
    const [start, end] = [node.getStart(file), node.end];
    const from = source.slice(start, end);
    if (from === to) return;
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    const code = lines[line - 1].trim();
    mutants.push({ line, code, from, to, source: source.slice(0, start) + to + source.slice(end) });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node))
      return;
    for (const to of changesOf(node, file)) replace(node, to);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return mutants;
}

/** What may stand in the place of this node. */
function changesOf(node, file) {
  if (OPERATORS.has(node.kind)) return isDecided(node) ? [] : OPERATORS.get(node.kind);
  if (ts.isExpressionStatement(node)) return [';'];
  if (ts.isReturnStatement(node) && node.expression) return ['return;'];
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return ['() => undefined'];
  if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken)
    return [node.operand.getText(file)];
  if (ts.isPostfixUnaryExpression(node)) return [node.operand.getText(file)];
  if (ts.isNumericLiteral(node)) return [String(Number(node.text.replaceAll('_', '')) + 1)];
  if (ts.isStringLiteral(node)) return [node.text === '' ? "'mutated'" : "''"];
  if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) return ["''"];
  if (node.kind === SyntaxKind.TrueKeyword) return ['false'];
  if (node.kind === SyntaxKind.FalseKeyword) return ['true'];
  if (ts.isConditionalExpression(node))
    return [node.whenTrue.getText(file), node.whenFalse.getText(file)];
  if (isCondition(node)) return ['true', 'false'];
  const call = CALLS.get(node.getText(file));
  return call ? [call] : [];
}

/** An equality that is a condition is made true and false as a whole: that says as much. */
function isDecided({ kind, parent }) {
  const equality =
    kind === SyntaxKind.EqualsEqualsEqualsToken || kind === SyntaxKind.ExclamationEqualsEqualsToken;
  return equality && isCondition(parent);
}

function isCondition(node) {
  const { parent } = node;
  if (!parent) return false;
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent)) return parent.expression === node;
  if (ts.isForStatement(parent)) return parent.condition === node;
  return ts.isBinaryExpression(parent) && isLogical(parent);
}

function isLogical({ operatorToken: { kind } }) {
  return kind === SyntaxKind.AmpersandAmpersandToken || kind === SyntaxKind.BarBarToken;
}
