//! Many events out of few: real CloudTrail records, in which what tells callers and calls apart is varied.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::content::files;

/// A record, cut where something is put in.
pub(crate) struct Template(Vec<Piece>);

enum Piece {
    Text(String),
    Hole(Hole),
}

#[derive(Clone, Copy)]
enum Hole {
    Id,
    Request,
    Time,
    Region,
    Account,
    User,
    Agent,
}

/// Members, as JSON pointers, that are varied wherever their value stands in the record.
const VARIED: [(Hole, &str); 7] = [
    (Hole::Id, "/eventID"),
    (Hole::Request, "/requestID"),
    (Hole::Time, "/eventTime"),
    (Hole::Region, "/awsRegion"),
    (Hole::Account, "/recipientAccountId"),
    (Hole::User, "/userIdentity/userName"),
    (Hole::Agent, "/userAgent"),
];

const REGIONS: [&str; 8] =
    ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "ap-southeast-2", "sa-east-1"];

/// The records of a folder, in the order of its files.
pub(crate) fn templates(folder: &Path) -> Vec<Template> {
    let paths = files(folder).into_iter().filter(|f| f.extension().is_some_and(|e| e == "json"));
    let records = paths.flat_map(|path| {
        let text = std::fs::read_to_string(path).expect("a readable file");
        serde_json::from_str::<Vec<Value>>(&text).expect("a list of events")
    });
    records.map(|record| template(&record)).collect()
}

fn template(record: &Value) -> Template {
    let mut pieces = vec![Piece::Text(record.to_string())];
    for (hole, pointer) in VARIED {
        let Some(value) = record.pointer(pointer).and_then(Value::as_str).filter(|v| v.len() > 3) else { continue };
        pieces = pieces.into_iter().flat_map(|piece| cut(piece, value, hole)).collect();
    }
    Template(pieces)
}

fn cut(piece: Piece, value: &str, hole: Hole) -> Vec<Piece> {
    let Piece::Text(text) = piece else { return vec![piece] };
    let mut pieces = Vec::new();
    for (number, part) in text.split(value).enumerate() {
        if number > 0 {
            pieces.push(Piece::Hole(hole));
        }
        pieces.push(Piece::Text(part.to_owned()));
    }
    pieces
}

/// Writes records, one in each line, up to a size in bytes. The same each time.
pub(crate) fn write(path: &Path, templates: &[Template], size: usize) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut random = Random(1);
    let mut line = String::new();
    let mut written = 0;
    let mut number = 0u64;
    while written < size {
        let template = &templates[random.below(templates.len() as u64) as usize];
        line.clear();
        template.fill(number, &mut random, &mut line);
        line.push('\n');
        out.write_all(line.as_bytes())?;
        written += line.len();
        number += 1;
    }
    out.flush()
}

impl Template {
    fn fill(&self, number: u64, random: &mut Random, line: &mut String) {
        let (id, request) = (uuid(random), uuid(random));
        // Ten events a second, from 2024-08-01 on.
        let second = number / 10;
        let (day, hour, minute) = (1 + second / 86_400 % 28, second / 3600 % 24, second / 60 % 60);
        let time = format!("2024-08-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60);
        // Callers work in one account and mostly in one region, with one program.
        let caller = random.below(2000);
        let is_elsewhere = random.below(10) == 0;
        let region = REGIONS[if is_elsewhere { random.below(8) } else { caller % 8 } as usize];
        let account = format!("{:012}", 111_122_223_300 + caller % 40);
        let user = format!("user-{caller}");
        // One record in 200 names the attack tool that made it, as all did.
        let agent = match random.below(200) {
            0 => format!("stratus-red-team_{id}"),
            _ if caller.is_multiple_of(3) => format!("aws-cli/2.15.{} Python/3.11.8 Linux/6.1 exe/x86_64", caller % 7),
            _ => format!("Boto3/1.34.{} ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.11.6", caller % 7),
        };
        for piece in &self.0 {
            line.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Hole(Hole::Id) => &id,
                Piece::Hole(Hole::Request) => &request,
                Piece::Hole(Hole::Time) => &time,
                Piece::Hole(Hole::Region) => region,
                Piece::Hole(Hole::Account) => &account,
                Piece::Hole(Hole::User) => &user,
                Piece::Hole(Hole::Agent) => &agent,
            });
        }
    }
}

fn uuid(random: &mut Random) -> String {
    let (high, low) = (random.next(), random.next());
    let mut text = String::with_capacity(36);
    let groups = [high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48];
    // Writing to a string does not fail.
    let _ = write!(text, "{:08x}-{:04x}-{:04x}-{:04x}-", groups[0], groups[1], groups[2], groups[3]);
    let _ = write!(text, "{:012x}", low & 0xffff_ffff_ffff);
    text
}

/// Numbers that look random and are the same each time (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
