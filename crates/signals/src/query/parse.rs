//! Reads the language, by recursive descent.

use super::words::Words;
use super::{CHARS_MAX, DEPTH_MAX, Node, QueryError, TERMS_MAX};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Term(Vec<String>),
    And,
    Or,
    Not,
    Open,
    Close,
}

/// The tokens, each with the character at which it begins.
struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    /// Where the text ends.
    end: usize,
}

fn error<T>(at: usize, why: &'static str) -> Result<T, QueryError> {
    Err(QueryError { at, why })
}

pub(super) fn parse(text: &str) -> Result<Option<Node>, QueryError> {
    // No more is looked at than is allowed, and one.
    let chars: Vec<char> = text.chars().take(CHARS_MAX + 1).collect();
    if chars.len() > CHARS_MAX {
        return error(CHARS_MAX, "a query has at most 500 characters");
    }
    let tokens = tokens(&chars)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens, next: 0, end: chars.len() };
    let root = parser.any_of(0)?;
    match parser.peek() {
        // Whatever else there is would have been read.
        Some(_) => error(parser.at(), "a parenthesis is closed that was not opened"),
        None => Ok(Some(root)),
    }
}

fn tokens(chars: &[char]) -> Result<Vec<(usize, Token)>, QueryError> {
    let mut tokens = Vec::new();
    let mut terms = 0;
    let mut at = 0;
    while let Some(first) = chars.get(at) {
        let begin = at;
        at += 1;
        let token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            '"' => {
                let Some(length) = chars[at..].iter().position(|c| *c == '"') else {
                    return error(begin, "a quotation mark without its other one");
                };
                let words = words(&chars[at..at + length]);
                at += length + 1;
                if words.is_empty() {
                    return error(begin, "there is no word between the quotation marks");
                }
                Token::Term(words)
            }
            c if c.is_whitespace() => continue,
            _ => {
                while chars.get(at).is_some_and(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"')) {
                    at += 1;
                }
                match &chars[begin..at] {
                    ['A', 'N', 'D'] => Token::And,
                    ['O', 'R'] => Token::Or,
                    ['N', 'O', 'T'] => Token::Not,
                    run => Token::Term(words(run)),
                }
            }
        };
        match &token {
            // A lone sign, as in `Procter & Gamble`.
            Token::Term(words) if words.is_empty() => continue,
            Token::Term(_) => terms += 1,
            _ => {}
        }
        if terms > TERMS_MAX {
            return error(begin, "a query has at most 64 words and phrases");
        }
        tokens.push((begin, token));
    }
    Ok(tokens)
}

fn words(chars: &[char]) -> Vec<String> {
    Words::of(&chars.iter().collect::<String>()).into_vec()
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    /// Where the next token begins, or the text ends.
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        self.next += usize::from(is_next);
        is_next
    }

    fn any_of(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut nodes = vec![self.all_of(depth)?];
        while self.take(&Token::Or) {
            nodes.push(self.all_of(depth)?);
        }
        Ok(list(nodes, Node::Or))
    }

    fn all_of(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut nodes = vec![self.one(depth)?];
        while self.take(&Token::And) || matches!(self.peek(), Some(Token::Term(_) | Token::Not | Token::Open))
        {
            nodes.push(self.one(depth)?);
        }
        Ok(list(nodes, Node::And))
    }

    fn one(&mut self, depth: usize) -> Result<Node, QueryError> {
        let at = self.at();
        if depth > DEPTH_MAX {
            return error(at, "parentheses and NOT are nested too deep");
        }
        let token = self.peek().cloned();
        self.next += 1;
        match token {
            Some(Token::Term(words)) => Ok(Node::Term(words)),
            Some(Token::Not) => Ok(Node::Not(Box::new(self.one(depth + 1)?))),
            Some(Token::Open) => {
                let node = self.any_of(depth + 1)?;
                if !self.take(&Token::Close) {
                    return error(at, "a parenthesis is opened and not closed");
                }
                Ok(node)
            }
            Some(Token::And | Token::Or) => error(at, "a word is missing before this"),
            Some(Token::Close) => error(at, "a word is missing before this parenthesis"),
            None => error(at, "a word is missing at the end"),
        }
    }
}

/// A list of one is that one.
fn list(mut nodes: Vec<Node>, kind: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() == 1 { nodes.remove(0) } else { kind(nodes) }
}
