//! A machine for the part of Python's pickle language that a PyTorch state dict uses.
//!
//! It builds plain nodes in an arena, at most one per opcode, so memory is bounded by the input; it calls nothing.

use std::collections::HashMap;

use crate::Error;

/// Place of a node in the arena.
pub(super) type NodeIdx = usize;

/// What the language can build here.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Anything not needed: results of calls that nothing here depends on.
    Opaque,
    None,
    Bool(bool),
    Float(f64),
    Int(i64),
    Text(String),
    Tuple(Vec<NodeIdx>),
    Dict(Vec<(NodeIdx, NodeIdx)>),
    /// Module and name of a class or function.
    Global(String),
    /// The persistent identity of a storage.
    Persistent(NodeIdx),
    /// Arguments of a call that rebuilds a tensor.
    Tensor(NodeIdx),
}

/// Everything built, and the result.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeIdx,
}

/// Packages whose objects may stand in a state dict without being tensors; they become opaque.
const HARMLESS: [&str; 4] = ["torch ", "torch.", "neuralop.", "tltorch."];
/// Characters of a name in a message.
const LONGEST_NAME: usize = 80;
/// Most bytes of a pickle: thousands of layers, and some hundred megabytes of nodes at worst.
const MOST_BYTES: usize = 1 << 22;

impl Pickle {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MOST_BYTES {
            let detail = format!("its pickle has {} bytes, above {MOST_BYTES}", bytes.len());
            return Err(Error::Pth { position: 0, detail });
        }
        let mut machine = Machine {
            bytes,
            position: 0,
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        loop {
            if let Some(root) = machine.step()? {
                return Ok(Self { nodes: machine.nodes, root });
            }
        }
    }
}

struct Machine<'b> {
    bytes: &'b [u8],
    position: usize,
    nodes: Vec<Node>,
    stack: Vec<NodeIdx>,
    marks: Vec<usize>,
    memo: HashMap<u32, NodeIdx>,
}

impl Machine<'_> {
    /// One opcode; the result at the end.
    fn step(&mut self) -> Result<Option<NodeIdx>, Error> {
        let opcode = self.take(1)?[0];
        match opcode {
            0x80 => _ = self.take(1)?,                              // PROTO
            b'.' => return self.pop().map(Some),                    // STOP
            b'(' => self.marks.push(self.stack.len()),              // MARK
            b'N' => self.push(Node::None),                          // NONE
            0x88 | 0x89 => self.push(Node::Bool(opcode == 0x88)),   // NEWTRUE NEWFALSE
            b'G' => self.float()?,                                  // BINFLOAT
            b'J' | b'K' | b'M' | 0x8a => self.integer(opcode)?,     // BININT BININT1 BININT2 LONG1
            b'X' => self.text()?,                                   // BINUNICODE
            b'c' => self.global()?,                                 // GLOBAL
            b'q' | b'r' => self.put(opcode == b'r')?,               // BINPUT LONG_BINPUT
            b'h' | b'j' => self.get(opcode == b'j')?,               // BINGET LONG_BINGET
            b')' | b']' => self.push(Node::Tuple(Vec::new())),      // EMPTY_TUPLE EMPTY_LIST
            0x85..=0x87 => self.tuple(usize::from(opcode - 0x84))?, // TUPLE1 TUPLE2 TUPLE3
            b't' => {
                let items = self.pop_to_mark()?; // TUPLE
                self.push(Node::Tuple(items));
            }
            b'}' => self.push(Node::Dict(Vec::new())), // EMPTY_DICT
            b's' | b'u' => self.set_items(opcode == b'u')?, // SETITEM SETITEMS
            b'a' | b'e' => self.append(opcode == b'e')?, // APPEND APPENDS
            b'Q' => {
                let identity = self.pop()?; // BINPERSID
                self.push(Node::Persistent(identity));
            }
            b'R' => self.reduce()?,  // REDUCE
            b'b' => _ = self.pop()?, // BUILD
            other => return Err(self.wrong(format!("opcode {other:#04x} is not part of a state dict"))),
        }
        Ok(None)
    }

    fn integer(&mut self, opcode: u8) -> Result<(), Error> {
        let len = match opcode {
            b'J' => 4,
            b'K' => 1,
            b'M' => 2,
            _ => usize::from(self.take(1)?[0]),
        };
        let bytes = self.take(len)?;
        if len > 8 {
            return Err(self.wrong(format!("an integer of {len} bytes")));
        }
        let is_signed = matches!(opcode, b'J' | 0x8a);
        let is_negative = is_signed && bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if is_negative { 0xff } else { 0 }; 8];
        wide[..len].copy_from_slice(bytes);
        self.push(Node::Int(i64::from_le_bytes(wide)));
        Ok(())
    }

    fn float(&mut self) -> Result<(), Error> {
        let mut wide = [0; 8];
        wide.copy_from_slice(self.take(8)?);
        self.push(Node::Float(f64::from_be_bytes(wide)));
        Ok(())
    }

    fn text(&mut self) -> Result<(), Error> {
        let len = self.number(true)? as usize;
        let text = String::from_utf8_lossy(self.take(len)?).into_owned();
        self.push(Node::Text(text));
        Ok(())
    }

    fn global(&mut self) -> Result<(), Error> {
        let (module, name) = (self.line()?, self.line()?);
        self.push(Node::Global(format!("{module} {name}")));
        Ok(())
    }

    fn put(&mut self, is_long: bool) -> Result<(), Error> {
        let key = self.number(is_long)?;
        let Some(&top) = self.stack.last() else {
            return Err(self.wrong("nothing to remember".to_owned()));
        };
        self.memo.insert(key, top);
        Ok(())
    }

    fn get(&mut self, is_long: bool) -> Result<(), Error> {
        let key = self.number(is_long)?;
        let Some(&node) = self.memo.get(&key) else {
            return Err(self.wrong(format!("memo {key} was never set")));
        };
        self.stack.push(node);
        Ok(())
    }

    fn tuple(&mut self, len: usize) -> Result<(), Error> {
        let mut items = Vec::with_capacity(len);
        for _ in 0..len {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Node::Tuple(items));
        Ok(())
    }

    fn set_items(&mut self, is_many: bool) -> Result<(), Error> {
        let items = if is_many { self.pop_to_mark()? } else { self.pop_pair()? };
        let target = self.top()?;
        if let Node::Dict(entries) = &mut self.nodes[target] {
            entries.extend(items.as_chunks::<2>().0.iter().map(|pair| (pair[0], pair[1])));
        }
        Ok(())
    }

    fn append(&mut self, is_many: bool) -> Result<(), Error> {
        let items = if is_many { self.pop_to_mark()? } else { vec![self.pop()?] };
        let target = self.top()?;
        if let Node::Tuple(list) = &mut self.nodes[target] {
            list.extend(items);
        }
        Ok(())
    }

    fn reduce(&mut self) -> Result<(), Error> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let result = match &self.nodes[function] {
            Node::Global(name) if name == "collections OrderedDict" => Node::Dict(Vec::new()),
            Node::Global(name) if name == "torch._utils _rebuild_tensor_v2" => Node::Tensor(arguments),
            Node::Global(name) if name == "torch._utils _rebuild_parameter" => self.parameter(arguments)?,
            Node::Global(name) if HARMLESS.iter().any(|package| name.starts_with(package)) => Node::Opaque,
            Node::Global(name) => {
                let name: String = name.chars().take(LONGEST_NAME).collect();
                let detail = format!("it calls {name:?}, which no state dict needs and which was not run");
                return Err(self.wrong(detail));
            }
            _ => return Err(self.wrong("it calls what is no function; nothing was run".to_owned())),
        };
        self.push(result);
        Ok(())
    }

    /// A parameter is its tensor, the first of its arguments.
    fn parameter(&self, arguments: NodeIdx) -> Result<Node, Error> {
        let tensor = match &self.nodes[arguments] {
            Node::Tuple(items) => items.first().map(|tensor| &self.nodes[*tensor]),
            _ => None,
        };
        match tensor {
            Some(Node::Tensor(arguments)) => Ok(Node::Tensor(*arguments)),
            _ => Err(self.wrong("a parameter without a tensor".to_owned())),
        }
    }

    fn push(&mut self, node: Node) {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
    }

    fn top(&self) -> Result<NodeIdx, Error> {
        self.stack.last().copied().ok_or_else(|| self.wrong("the stack is empty".to_owned()))
    }

    fn pop(&mut self) -> Result<NodeIdx, Error> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(self.wrong("the stack is empty".to_owned()));
        }
        self.top().inspect(|_| self.stack.truncate(self.stack.len() - 1))
    }

    fn pop_pair(&mut self) -> Result<Vec<NodeIdx>, Error> {
        let value = self.pop()?;
        Ok(vec![self.pop()?, value])
    }

    fn pop_to_mark(&mut self) -> Result<Vec<NodeIdx>, Error> {
        let Some(mark) = self.marks.pop() else {
            return Err(self.wrong("a mark is missing".to_owned()));
        };
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn number(&mut self, is_long: bool) -> Result<u32, Error> {
        if !is_long {
            return Ok(u32::from(self.take(1)?[0]));
        }
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn line(&mut self) -> Result<String, Error> {
        let rest = &self.bytes[self.position..];
        let Some(len) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(self.wrong("a name has no end".to_owned()));
        };
        self.position += len + 1;
        Ok(String::from_utf8_lossy(&rest[..len]).into_owned())
    }

    fn take(&mut self, len: usize) -> Result<&[u8], Error> {
        let end = self.position.checked_add(len).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.wrong(format!("the pickle ends, {len} more bytes were expected")));
        };
        let taken = &self.bytes[self.position..end];
        self.position = end;
        Ok(taken)
    }

    fn wrong(&self, detail: String) -> Error {
        Error::Pth { position: self.position, detail }
    }
}
