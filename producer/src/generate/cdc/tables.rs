//! The database that changes: two tables, bounded, and what one change does to them.

use bytes::{BufMut, BytesMut};

use super::envelope::Snapshot;
use crate::generate::text::put_number;
use crate::generate::zipf::Zipf;

/// Rows there are at first.
const CUSTOMERS_AT_FIRST: u32 = 120;
const ORDERS_AT_FIRST: u32 = 240;

/// Rows there are at most.
const CUSTOMERS_MOST: usize = 2_000;
const ORDERS_MOST: usize = 4_000;

/// The first number of each table.
const FIRST_CUSTOMER: u32 = 1_001;
const FIRST_ORDER: u32 = 10_001;

const MICROS_OF_A_DAY: u64 = 86_400_000_000;

const FIRST_NAMES: [&str; 12] =
    ["Sally", "George", "Edward", "Anne", "Zoë", "Søren", "María", "Wei", "Aisha", "Jürgen", "Noor", "Ivan"];
const LAST_NAMES: [&str; 12] = [
    "Thomas",
    "Bailey",
    "Walker",
    "Kretchmar",
    "García",
    "O'Neil",
    "Nguyễn",
    "Müller",
    "Haddad",
    "Ivanova",
    "Okafor",
    "Łukasik",
];

/// A row of either table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Customer(Customer),
    Order(Order),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Customer {
    id: u32,
    first_name: &'static str,
    last_name: &'static str,
    /// Grows when the address changes.
    address: u32,
    /// Orders there are of it: not a column.
    orders: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    id: u32,
    /// Days since 1970, as `io.debezium.time.Date` has it.
    date: u64,
    purchaser: u32,
    quantity: u8,
    product: u8,
}

/// What happened to one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) before: Option<Row>,
    pub(super) after: Option<Row>,
}

impl Change {
    /// The row, as it is or as it was.
    pub(super) fn row(&self) -> &Row {
        match (&self.after, &self.before) {
            (Some(row), _) | (None, Some(row)) => row,
            (None, None) => &NOTHING,
        }
    }
}

/// A change has a side at least.
const NOTHING: Row = Row::Order(Order { id: 0, date: 0, purchaser: 0, quantity: 0, product: 0 });

impl Row {
    pub(super) fn id(&self) -> u32 {
        match self {
            Row::Customer(customer) => customer.id,
            Row::Order(order) => order.id,
        }
    }

    pub(super) fn table(&self) -> &'static str {
        match self {
            Row::Customer(_) => "customers",
            Row::Order(_) => "orders",
        }
    }

    /// The columns as a JSON object.
    pub(super) fn write(&self, out: &mut BytesMut) {
        out.put_slice(b"{\"id\":");
        put_number(out, u64::from(self.id()));
        match self {
            Row::Customer(customer) => customer.write(out),
            Row::Order(order) => order.write(out),
        }
        out.put_u8(b'}');
    }
}

impl Customer {
    fn new(id: u32, random: &mut fastrand::Rng) -> Self {
        let (first_name, last_name) = (pick(&FIRST_NAMES, random), pick(&LAST_NAMES, random));
        Self { id, first_name, last_name, address: 0, orders: 0 }
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_slice(b",\"first_name\":\"");
        out.put_slice(self.first_name.as_bytes());
        out.put_slice(b"\",\"last_name\":\"");
        out.put_slice(self.last_name.as_bytes());
        out.put_slice(b"\",\"email\":\"customer-");
        put_number(out, u64::from(self.id));
        out.put_u8(b'.');
        put_number(out, u64::from(self.address));
        out.put_slice(b"@example.com\"");
    }
}

impl Order {
    fn write(&self, out: &mut BytesMut) {
        for (column, value) in [
            (&b",\"order_date\":"[..], self.date),
            (b",\"purchaser\":", u64::from(self.purchaser)),
            (b",\"quantity\":", u64::from(self.quantity)),
            (b",\"product_id\":", u64::from(self.product)),
        ] {
            out.put_slice(column);
            put_number(out, value);
        }
    }
}

/// The rows there are.
#[derive(Debug)]
pub(super) struct Tables {
    customers: Vec<Customer>,
    orders: Vec<Order>,
    next_customer: u32,
    next_order: u32,
    /// Some rows change far more often than others.
    popular: Zipf,
}

impl Tables {
    pub(super) fn new(random: &mut fastrand::Rng, now_micros: u64) -> Self {
        let mut tables = Self {
            customers: Vec::new(),
            orders: Vec::new(),
            next_customer: FIRST_CUSTOMER,
            next_order: FIRST_ORDER,
            popular: Zipf::new(512),
        };
        (0..CUSTOMERS_AT_FIRST).for_each(|_| {
            tables.add_customer(random);
        });
        (0..ORDERS_AT_FIRST).for_each(|_| {
            tables.add_order(random, now_micros);
        });
        tables
    }

    /// The row at this place of a snapshot, and what the snapshot says of it; `None` after the last.
    pub(super) fn snapshot(&self, at: usize) -> Option<(Row, Snapshot)> {
        let (row, place, rows) = match at.checked_sub(self.customers.len()) {
            None => (Row::Customer(*self.customers.get(at)?), at, self.customers.len()),
            Some(place) => (Row::Order(*self.orders.get(place)?), place, self.orders.len()),
        };
        let is_last_table = matches!(row, Row::Order(_));
        let snapshot = match (place == 0, place + 1 == rows) {
            (true, _) if !is_last_table => Snapshot::First,
            (true, _) => Snapshot::FirstInTable,
            (_, true) if is_last_table => Snapshot::Last,
            (_, true) => Snapshot::LastInTable,
            (false, false) => Snapshot::Within,
        };
        Some((row, snapshot))
    }

    /// Changes something.
    pub(super) fn change(&mut self, random: &mut fastrand::Rng, now_micros: u64) -> Change {
        match random.u8(..100) {
            0..=7 if self.customers.len() < CUSTOMERS_MOST => self.add_customer(random),
            8..=11 if self.customers.len() > 1 => match self.remove_customer(random) {
                Some(change) => change,
                None => self.update_customer(random),
            },
            12..=29 => self.update_customer(random),
            30..=52 if self.orders.len() < ORDERS_MOST => self.add_order(random, now_micros),
            53..=68 if self.orders.len() > 1 => self.remove_order(random),
            _ => self.update_order(random),
        }
    }

    fn add_customer(&mut self, random: &mut fastrand::Rng) -> Change {
        let customer = Customer::new(self.next_customer, random);
        self.next_customer += 1;
        self.customers.push(customer);
        Change { before: None, after: Some(Row::Customer(customer)) }
    }

    /// The first customer without orders, beginning somewhere; the first ten at most are looked at.
    fn remove_customer(&mut self, random: &mut fastrand::Rng) -> Option<Change> {
        let count = self.customers.len();
        let begin = random.usize(..count);
        let at = (begin..begin + 10).map(|at| at % count).find(|at| self.customers[*at].orders == 0)?;
        let gone = self.customers.swap_remove(at);
        Some(Change { before: Some(Row::Customer(gone)), after: None })
    }

    fn update_customer(&mut self, random: &mut fastrand::Rng) -> Change {
        let at = usize::from(self.popular.draw(random)) % self.customers.len();
        let customer = &mut self.customers[at];
        let before = *customer;
        if random.u8(..4) == 0 {
            customer.last_name = pick(&LAST_NAMES, random);
        }
        customer.address += 1;
        Change { before: Some(Row::Customer(before)), after: Some(Row::Customer(*customer)) }
    }

    fn add_order(&mut self, random: &mut fastrand::Rng, now_micros: u64) -> Change {
        let at = usize::from(self.popular.draw(random)) % self.customers.len();
        let purchaser = &mut self.customers[at];
        purchaser.orders += 1;
        let order = Order {
            id: self.next_order,
            date: now_micros / MICROS_OF_A_DAY,
            purchaser: purchaser.id,
            quantity: random.u8(1..10),
            product: random.u8(101..110),
        };
        self.next_order += 1;
        self.orders.push(order);
        Change { before: None, after: Some(Row::Order(order)) }
    }

    fn remove_order(&mut self, random: &mut fastrand::Rng) -> Change {
        let gone = self.orders.swap_remove(random.usize(..self.orders.len()));
        if let Some(purchaser) = self.customers.iter_mut().find(|customer| customer.id == gone.purchaser) {
            purchaser.orders -= 1;
        }
        Change { before: Some(Row::Order(gone)), after: None }
    }

    fn update_order(&mut self, random: &mut fastrand::Rng) -> Change {
        let at = usize::from(self.popular.draw(random)) % self.orders.len();
        let order = &mut self.orders[at];
        let before = *order;
        order.quantity = order.quantity % 9 + 1;
        Change { before: Some(Row::Order(before)), after: Some(Row::Order(*order)) }
    }
}

fn pick(names: &[&'static str], random: &mut fastrand::Rng) -> &'static str {
    names[random.usize(..names.len())]
}
