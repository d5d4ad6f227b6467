//! From records to a proven plan: pure functions over the domain and the solver.
//!
//! score → solve → certify, each a step of its own, so that the caller can time them.

use assignment::{Certificate, Classes, Explanation, Flaw, Problem, Solution, Table, UNASSIGNED};
use domain::{DriverClasses, DriverTraits, Score, StreetClasses, StreetLength, score};

/// The solver refused a batch: more records than it can number. Nothing else can go wrong with
/// suitability, whose scores are small.
pub type TooLarge = assignment::Error;

/// The score of every pair of classes (R7), in quarter points: a row a class of shipments, a column a class
/// of drivers.
///
/// # Errors
/// There are more classes than the solver can number.
pub fn table(streets: &StreetClasses, drivers: &DriverClasses) -> Result<Table, TooLarge> {
    let (rows, columns) = (&streets.lengths, &drivers.traits);
    Table::from_fn(rows.len(), columns.len(), |row, column| {
        Some(score(rows[row], columns[column]).quarters())
    })
}

/// What the solver needs to know of a batch: each record's class, and the score of every pair of classes.
#[derive(Debug)]
pub struct Scored {
    streets: StreetClasses,
    drivers: DriverClasses,
    /// The class of each shipment, and of each driver, as the solver takes them.
    members: (Vec<u32>, Vec<u32>),
    table: Table,
}

impl Scored {
    /// Scores every pair of classes (R7).
    ///
    /// # Errors
    /// The batch has more records than the solver can number.
    pub fn new(streets: StreetClasses, drivers: DriverClasses) -> Result<Self, TooLarge> {
        let table = table(&streets, &drivers)?;
        let members = (streets.class.iter().collect(), drivers.class.iter().collect());
        Ok(Self { streets, drivers, members, table })
    }

    /// Finds the assignment with the highest total, and what first come, first served would reach.
    ///
    /// # Errors
    /// The batch has more records than the solver can number.
    pub fn solve(self) -> Result<Plan, TooLarge> {
        let (rows, columns) = (&self.streets.counts, &self.drivers.counts);
        let solution = assignment::solve_counted(&self.classes(), rows, columns)?;
        let greedy_total = Score::from_quarters(assignment::first_come(&self.problem()));
        Ok(Plan { scored: self, solution, greedy_total })
    }

    fn problem(&self) -> Problem<'_> {
        Problem::Classes(self.classes())
    }

    fn classes(&self) -> Classes<'_> {
        let (row_class, column_class) = &self.members;
        Classes { row_class, column_class, table: &self.table }
    }
}

/// An assignment of a batch's shipments, with its proof.
#[derive(Debug)]
pub struct Plan {
    scored: Scored,
    solution: Solution,
    greedy_total: Score,
}

/// One shipment and its driver, by their places in the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Place of the shipment, from 0.
    pub shipment: usize,
    /// Place of the driver, from 0.
    pub driver: usize,
    /// What the pair adds to the total.
    pub score: Score,
}

/// A record that stayed behind, by its place in the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// Place of the record on its side, from 0.
    pub index: usize,
    /// Why.
    pub reason: Reason,
    /// By how much its best score would have to rise to win it a place in an optimal plan.
    pub price: Score,
}

/// Why a record stayed behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Every record of the other side is worth more, or as much, where it is.
    NoneLeft,
    /// No pairing with it is permitted, or the other side is empty.
    NonePermitted,
    /// Its score is 0 with every record of the other side.
    ScoresNothing,
}

impl Plan {
    /// The highest total suitability that any assignment of the batch reaches.
    pub fn total(&self) -> Score {
        Score::from_quarters(self.solution.total)
    }

    /// What first come, first served reaches: each shipment in order takes the best driver left.
    pub fn greedy_total(&self) -> Score {
        self.greedy_total
    }

    /// How many classes of equal records there are: of shipments, and of drivers.
    pub fn classes(&self) -> (usize, usize) {
        (self.scored.streets.lengths.len(), self.scored.drivers.traits.len())
    }

    /// How many pairs there are.
    pub fn assigned(&self) -> usize {
        self.solution.assigned
    }

    /// Proves from the dual prices alone that no other assignment has a higher total.
    ///
    /// # Errors
    /// The plan is not optimal, or not an assignment: names what breaks it.
    pub fn certify(&self) -> Result<(), Flaw> {
        assignment::verify(&self.scored.problem(), &self.solution)
    }

    /// The pairs, in the order of the shipments.
    pub fn pairs(&self) -> impl Iterator<Item = Pair> + '_ {
        let columns = self.solution.columns.iter().enumerate();
        columns.filter(|(_, column)| **column != UNASSIGNED).map(|(shipment, column)| {
            let driver = *column as usize;
            Pair { shipment, driver, score: self.score(shipment, driver) }
        })
    }

    /// The pair of a shipment, if it has one.
    pub fn pair(&self, shipment: usize) -> Option<Pair> {
        let column = *self.solution.columns.get(shipment)?;
        let driver = (column != UNASSIGNED).then_some(column as usize)?;
        Some(Pair { shipment, driver, score: self.score(shipment, driver) })
    }

    /// What stayed behind: shipments, then drivers, each in order.
    pub fn behind(&self) -> (Vec<Behind>, Vec<Behind>) {
        let explanation = Explanation::new(&self.scored.problem(), &self.solution);
        let Scored { table, streets, drivers, .. } = &self.scored;
        // Every class has members, so all of the table counts.
        let nothing = |row, column| table.get(row, column) == Some(0);
        let rows: Vec<bool> = (0..table.rows())
            .map(|row| (0..table.columns()).all(|column| nothing(row, column)))
            .collect();
        let columns: Vec<bool> = (0..table.columns())
            .map(|column| (0..table.rows()).all(|row| nothing(row, column)))
            .collect();
        let shipments = explanation
            .rows()
            .map(|(row, why)| behind(row, why, rows[streets.class[row as usize] as usize]));
        let drivers = explanation.columns().map(|(column, why)| {
            behind(column, why, columns[drivers.class[column as usize] as usize])
        });
        (shipments.collect(), drivers.collect())
    }

    /// The price of each shipment class, by ascending length.
    pub fn shipment_prices(&self) -> impl Iterator<Item = (StreetLength, Score)> + '_ {
        let Certificate { row_prices, .. } = &self.solution.certificate;
        self.scored.streets.lengths.iter().copied().zip(quarters(row_prices))
    }

    /// The price of each driver class, by ascending traits.
    pub fn driver_prices(&self) -> impl Iterator<Item = (DriverTraits, Score)> + '_ {
        let Certificate { column_prices, .. } = &self.solution.certificate;
        self.scored.drivers.traits.iter().copied().zip(quarters(column_prices))
    }

    fn score(&self, shipment: usize, driver: usize) -> Score {
        let row = self.scored.streets.class[shipment] as usize;
        let column = self.scored.drivers.class[driver] as usize;
        Score::from_quarters(self.scored.table.get(row, column).unwrap_or(0))
    }
}

fn behind(index: u32, why: assignment::Unassigned, scores_nothing: bool) -> Behind {
    let reason = match why.reason {
        assignment::Reason::NoneLeft if scores_nothing => Reason::ScoresNothing,
        assignment::Reason::NoneLeft => Reason::NoneLeft,
        assignment::Reason::NothingPermitted | assignment::Reason::NothingGained => {
            Reason::NonePermitted
        }
    };
    let price = Score::from_quarters(why.price_to_enter.unwrap_or(0));
    Behind { index: index as usize, reason, price }
}

fn quarters(prices: &[i64]) -> impl Iterator<Item = Score> + '_ {
    prices.iter().copied().map(Score::from_quarters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Records, StreetName};

    fn plan(shipments: &str, drivers: &str) -> Plan {
        let shipments = Records::parse_lines(shipments.as_bytes()).expect("records");
        let drivers = Records::parse_lines(drivers.as_bytes()).expect("records");
        Scored::new(StreetClasses::of(&shipments, StreetName::Address), DriverClasses::of(&drivers))
            .and_then(Scored::solve)
            .expect("small")
    }

    fn data(name: &str) -> String {
        let path = format!("{}/../../data/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the data set is in the tree")
    }

    #[test]
    fn the_published_ten_by_ten_totals_98_75() {
        let plan =
            plan(&data("published-10x10/shipments.txt"), &data("published-10x10/drivers.txt"));
        assert_eq!(plan.total().to_string(), "98.75");
        assert_eq!(plan.greedy_total().to_string(), "97");
        assert_eq!(plan.assigned(), 10);
        plan.certify().expect("it is optimal");
    }

    #[test]
    fn real_addresses_total_39421_and_say_who_stayed_behind() {
        let plan = plan(&data("us-3850/shipments.txt"), &data("us-3850/drivers.txt"));
        assert_eq!(plan.total().to_string(), "39421");
        plan.certify().expect("it is optimal");
        let (shipments, drivers) = plan.behind();
        assert_eq!((shipments.len(), drivers.len()), (350, 0));
        assert!(shipments.iter().all(|behind| behind.reason == Reason::NoneLeft));
        let paired: Score = plan.pairs().map(|pair| pair.score).sum();
        assert_eq!(paired, plan.total());
    }

    #[test]
    fn who_scores_nothing_with_anybody_is_told_so_and_not_that_others_are_worth_more() {
        // Even street names count vowels, and Grt Smth has none; nobody is worth more than another.
        let plan = plan("12 Oaks\n7 Elms\n", "Ann Lee\nGrt Smth\nBob Stone\nCyd Lee\n");
        plan.certify().expect("it is optimal");
        let (_, drivers) = plan.behind();
        let told: Vec<_> = drivers.iter().map(|behind| (behind.index, behind.reason)).collect();
        assert_eq!(told, [(1, Reason::ScoresNothing), (3, Reason::NoneLeft)]);
    }

    #[test]
    fn a_shipment_that_scores_nothing_with_anybody_is_told_so() {
        // Of even length, for drivers without a vowel; an odd one scores with both.
        let plan = plan("1 Oaks\n2 Elm\n3 Elm\n", "Grt Smth\nFlt Smth\n");
        let (shipments, _) = plan.behind();
        let told: Vec<_> = shipments.iter().map(|behind| (behind.index, behind.reason)).collect();
        assert_eq!(told, [(0, Reason::ScoresNothing)]);
    }

    #[test]
    fn the_prices_add_up_to_the_total() {
        let plan = plan("12 Oak Street\n7 Elm\n", "Ann Lee\nBob Stone\nCy Dee\n");
        plan.certify().expect("it is optimal");
        let street = |text: &str| domain::street_length(text, StreetName::Address);
        let price = |length| {
            plan.shipment_prices().find(|(l, _)| *l == length).map_or(Score::ZERO, |(_, p)| p)
        };
        let shipments = price(street("12 Oak Street")) + price(street("7 Elm"));
        let drivers: Score = plan
            .pairs()
            .map(|pair| {
                let name = ["Ann Lee", "Bob Stone", "Cy Dee"][pair.driver];
                let traits = domain::driver_traits(name);
                plan.driver_prices().find(|(t, _)| *t == traits).map_or(Score::ZERO, |(_, p)| p)
            })
            .sum();
        assert_eq!(shipments + drivers, plan.total());
    }
}
