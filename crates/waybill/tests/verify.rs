//! `waybill verify` proves what `waybill assign` wrote, and nothing else.

mod support {
    pub(crate) mod commands;
}

use serde_json::{Value, json};
use support::commands::{data, dir, file, run, run_with_input};

fn plan() -> Value {
    let (shipments, drivers) = (data("us-3850/shipments.txt"), data("us-3850/drivers.txt"));
    run(&["assign", &shipments, &drivers, "--format", "json"]).json()
}

/// What is said of a plan that is not proven.
#[track_caller]
fn flaw(plan: &Value) -> String {
    let text = run_with_input(&["verify", "-"], plan.to_string().as_bytes()).failed();
    text.strip_prefix("standard input: not proven: ").expect("it is not proven").to_owned()
}

#[test]
fn a_plan_is_proven_by_its_certificate() {
    let dir = dir();
    let plan = file(&dir, "plan.json", plan().to_string());
    assert_eq!(
        run(&["verify", &plan]).done(),
        "proven by its certificate: no assignment of these 3850 shipments to these 3500 drivers \
         totals more than 39421\n"
    );
}

#[test]
fn a_plan_without_a_certificate_is_solved_again() {
    let mut plan = plan();
    plan.as_object_mut().expect("an object").remove("certificate");
    let said = run_with_input(&["verify", "-"], plan.to_string().as_bytes()).done();
    assert!(said.starts_with("proven by solving it again"), "{said}");
    // Two pairs less: the plan is sound and not the best.
    let pairs = plan["pairs"].as_array_mut().expect("pairs");
    let taken: Vec<Value> = pairs.drain(..2).collect();
    let left = plan["unassigned"].as_array_mut().expect("a list");
    let mut total = 39421.0;
    for pair in &taken {
        total -= pair["score"].as_f64().expect("a score");
        left.push(json!({"side": "shipment", "line": pair["shipment_line"], "text": pair["shipment"], "reason": ""}));
        left.push(json!({"side": "driver", "line": pair["driver_line"], "text": pair["driver"], "reason": ""}));
    }
    plan["total"] = json!(total);
    plan["greedy_total"] = json!(total);
    let text = flaw(&plan);
    assert_eq!(text, format!("another plan totals 39421, more than {total}"));
}

#[test]
fn each_lie_is_named() {
    let good = plan();
    let lie = |change: &dyn Fn(&mut Value)| {
        let mut plan = good.clone();
        change(&mut plan);
        flaw(&plan)
    };
    let text = lie(&|plan| plan["pairs"][0]["score"] = json!(99.0));
    assert!(
        text.starts_with("shipment of line 1 (\"4113 Holiday Drive, Panama City, FL 32408\")"),
        "{text}"
    );
    assert!(text.ends_with("not 99"), "{text}");
    assert_eq!(lie(&|plan| plan["total"] = json!(39421.25)), "the pairs total 39421, not 39421.25");
    let text =
        lie(&|plan| plan["pairs"][1]["driver_line"] = plan["pairs"][0]["driver_line"].clone());
    assert!(text.ends_with("is in the plan twice"), "{text}");
    let text = lie(&|plan| drop(plan["unassigned"].as_array_mut().expect("a list").pop()));
    assert_eq!(text, "the plan has 3849 shipments, paired or unassigned, and the batch 3850");
    let text = lie(&|plan| plan["greedy_total"] = json!(39421.25));
    assert!(text.contains("cannot have reached 39421.25"), "{text}");
    let text = lie(&|plan| plan["certificate"]["drivers"] = json!([]));
    assert!(text.starts_with("the certificate has no price for driver of line"), "{text}");
    let text = lie(&|plan| {
        let prices = plan["certificate"]["shipments"].as_array_mut().expect("prices");
        prices.push(prices[0].clone());
    });
    assert!(
        text.starts_with("the certificate has two prices for shipments with a street name of"),
        "{text}"
    );
    let text = lie(&|plan| {
        for price in plan["certificate"]["shipments"].as_array_mut().expect("prices") {
            price["price"] = json!(0.0);
        }
        for price in plan["certificate"]["drivers"].as_array_mut().expect("prices") {
            price["price"] = json!(0.0);
        }
    });
    assert!(text.contains("more than their prices together, 0"), "{text}");
    let text = lie(&|plan| {
        for price in plan["certificate"]["drivers"].as_array_mut().expect("prices") {
            price["price"] = json!(1000.0);
        }
    });
    assert!(text.contains("less than their prices together"), "{text}");
}

#[test]
fn what_is_no_plan_is_refused() {
    let text = run(&["verify", &data("us-3850/drivers.txt")]).failed();
    assert!(text.contains("is not a plan as JSON"), "{text}");
    let text = run_with_input(&["verify", "-"], b"{\"total\": 0.3, \"pairs\": []}").failed();
    assert!(text.contains("0.3 is not a multiple of 0.25"), "{text}");
    let mut line_0 = plan();
    line_0["pairs"][0]["driver_line"] = json!(0);
    let text = run_with_input(&["verify", "-"], line_0.to_string().as_bytes()).failed();
    assert!(text.contains("invalid value: integer `0`"), "{text}");
}
