//! The oracle's table of tricky cases (`suitability_oracle.py --cases`), word for word.

use domain::{StreetName, driver_traits, normal_form, score, street_length, street_name};

/// Address, driver; street name, L; N, vowels, consonants; score.
type Case = (&'static str, &'static str, &'static str, u32, (u32, u32, u32), &'static str);

const CASES: [Case; 12] = [
    ("215 Osinski Manors", "Everardo Welch", "Osinski Manors", 14, (14, 5, 8), "11.25"),
    ("63187 Volkman Garden Suite 447", "Kaiser Soze", "Volkman Garden", 14, (11, 5, 5), "7.5"),
    ("1797 Adolf Island Apt. 744", "Izaiah Lowe", "Adolf Island", 12, (11, 6, 4), "9"),
    ("42nd Street", "Yyvy Rhys", "42nd Street", 11, (9, 0, 8), "8"),
    ("12B 5th Avenue", "Conan O'Brien", "5th Avenue", 10, (13, 5, 6), "7.5"),
    ("987   Champlin  Lake\t", "  Mary-Ann   Lee ", "Champlin Lake", 13, (12, 4, 6), "6"),
    ("7 Rue de l’Église", "Zoë Ångström", "Rue de l’Église", 15, (12, 4, 7), "10.5"),
    (
        "9 Rue de l\u{2019}E\u{301}glise",
        "Zoe\u{308} A\u{30a}ngstro\u{308}m",
        "Rue de l’Église",
        15,
        (12, 4, 7),
        "10.5",
    ),
    ("10 Unit Street #4", "Søren Ærø", "Unit Street", 11, (9, 1, 7), "7"),
    ("500", "X Æ A-12", "500", 3, (8, 1, 2), "2"),
    (
        "1600 Pennsylvania Avenue NW, Washington, DC 20500",
        "Александр",
        "Pennsylvania Avenue NW",
        22,
        (9, 0, 9),
        "0",
    ),
    ("221B BAKER STREET", "JOSÉ QUIÑONES", "BAKER STREET", 12, (13, 6, 6), "9"),
];

#[test]
fn the_tricky_cases_score_as_the_oracle_says() {
    for (address, driver, name, length, traits, points) in CASES {
        assert_eq!(street_name(address, StreetName::Address), name, "{address}");
        let street = street_length(address, StreetName::Address);
        assert_eq!(street.0, length, "{address}");
        let of = driver_traits(driver);
        assert_eq!((of.length, of.vowels, of.consonants), traits, "{driver}");
        assert_eq!(score(street, of).to_string(), points, "{address} for {driver}");
    }
}

#[test]
fn a_full_line_counts_whole_where_the_files_hold_street_names() {
    for (address, ..) in CASES {
        let length = street_length(address, StreetName::FullLine);
        assert_eq!(length.0 as usize, normal_form(address).chars().count(), "{address}");
    }
}
