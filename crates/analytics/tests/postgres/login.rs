//! Getting in, and what keeps us out.

use std::path::Path;

use analytics::Error;
use analytics::store::{Postgres, PostgresOptions, PostgresUrl, Store};

use crate::common::postgres::{Cluster, open};
use crate::common::{noon, plan};

async fn refused(url: &PostgresUrl) -> Error {
    Postgres::open(url, PostgresOptions::default()).await.err().unwrap()
}

fn parse(text: &str) -> PostgresUrl {
    PostgresUrl::parse(text).unwrap()
}

/// A server that asks for passwords, over TLS too: its certificate is for `localhost`, by an authority
/// whose own certificate is in `ca.pem`.
fn careful() -> Option<Cluster> {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    let mut cluster = Cluster::own("")?;
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&key, &authority).unwrap();
    cluster.write("ca.pem", &authority.pem());
    cluster.write("data/server.crt", &server.pem());
    cluster.write("data/server.key", &key.serialize_pem());
    let other = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "another authority");
    let other = params.self_signed(&other).unwrap();
    cluster.write("other.pem", &other.pem());
    cluster.append("data/postgresql.conf", "ssl = on");
    cluster.write(
        "data/pg_hba.conf",
        "local all postgres trust\n\
         hostssl all all 127.0.0.1/32 scram-sha-256\n\
         hostnossl plain all 127.0.0.1/32 scram-sha-256\n",
    );
    cluster.kill();
    cluster.start();
    Some(cluster)
}

#[tokio::test]
async fn passwords_and_certificates_are_checked() {
    let Some(cluster) = careful() else { return };
    let admin = cluster.admin("postgres").await;
    for sql in [
        "CREATE ROLE teller LOGIN PASSWORD 's3cret'",
        "CREATE DATABASE plans OWNER teller",
        "CREATE DATABASE plain OWNER teller",
    ] {
        admin.batch_execute(sql).await.unwrap();
    }
    let port = cluster.port();
    let at = |login: &str, host: &str, query: &str| {
        parse(&format!("postgres://{login}@{host}:{port}/{query}"))
    };
    let file = |name: &str| cluster.folder().join(name).display().to_string();
    let (ca, other) = (file("ca.pem"), file("other.pem"));

    // In by whatever is asked for, and TLS whenever the server has it.
    for (host, query) in [
        ("localhost", String::from("plans")),
        ("127.0.0.1", "plans?sslmode=require".into()),
        ("127.0.0.1", format!("plans?sslmode=verify-ca&sslrootcert={ca}")),
        ("localhost", format!("plans?sslmode=verify-full&sslrootcert={ca}")),
    ] {
        let store = open(&at("teller:s3cret", host, &query)).await;
        let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE usename = 'teller'";
        assert!(admin.query_one(sql, &[]).await.unwrap().get::<_, bool>(0), "{host} {query}");
        store.close().await.unwrap();
    }
    open(&at("teller:s3cret", "localhost", "plain?sslmode=disable")).await.close().await.unwrap();

    // The password's own file is read at every connection.
    let secret = cluster.folder().join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let by_file = at("teller", "localhost", "plans").with_password_file(secret.clone()).unwrap();
    open(&by_file).await.close().await.unwrap();
    std::fs::write(&secret, "wr0ng\n").unwrap();

    for (url, problem) in [
        (by_file, "password authentication failed for user \"teller\""),
        (at("teller:wr0ng", "localhost", "plans"), "password authentication failed"),
        (at("nobody:s3cret", "localhost", "plans"), "password authentication failed"),
        (at("teller:s3cret", "localhost", "nowhere"), "database \"nowhere\" does not exist"),
        (at("teller:s3cret", "localhost", "plans?sslmode=disable"), "no pg_hba.conf entry"),
        (
            at(
                "teller:s3cret",
                "localhost",
                &format!("plans?sslmode=verify-ca&sslrootcert={other}"),
            ),
            "UnknownIssuer",
        ),
        (
            at(
                "teller:s3cret",
                "127.0.0.1",
                &format!("plans?sslmode=verify-full&sslrootcert={ca}"),
            ),
            "certificate not valid for name",
        ),
        (
            at("teller:s3cret", "localhost", "plans?sslmode=verify-full&sslrootcert=/no/such.pem"),
            "/no/such.pem",
        ),
    ] {
        let error = refused(&url).await;
        assert!(matches!(error, Error::DatabaseRefuses { .. }), "{problem}: {error:?}");
        let said = error.to_string();
        assert!(said.contains(problem) && said.contains(&url.to_string()), "{problem}: {said}");
        assert!(!said.contains("s3cret") && !said.contains("wr0ng"), "{said}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let Some(cluster) = Cluster::shared() else { return };
    cluster.database("no_tls").await;
    let port = cluster.port();
    let url = parse(&format!("postgres://postgres@127.0.0.1:{port}/no_tls?sslmode=require"));
    let error = refused(&url).await;
    assert!(error.to_string().contains("server does not support TLS"), "{error}");
}

#[tokio::test]
async fn a_database_that_cannot_hold_a_store_says_why() {
    let Some(cluster) = Cluster::shared() else { return };
    let admin = cluster.admin("postgres").await;

    let latin = "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0";
    admin.batch_execute(latin).await.unwrap();
    let said = refused(&cluster.url("user=postgres&dbname=latin")).await.to_string();
    assert!(said.contains("the encoding is LATIN1, where UTF8 is needed"), "{said}");

    let newer = cluster.database("newer").await;
    open(&newer).await.close().await.unwrap();
    let its = cluster.admin("newer").await;
    its.batch_execute("UPDATE waybill.store SET version = 9").await.unwrap();
    let said = refused(&newer).await.to_string();
    assert!(said.contains("has version 9") && said.contains("later release"), "{said}");

    let foreign = cluster.database("foreign").await;
    let its = cluster.admin("foreign").await;
    its.batch_execute("CREATE SCHEMA waybill; CREATE TABLE waybill.songs ()").await.unwrap();
    assert!(matches!(refused(&foreign).await, Error::NotOurSchema { .. }));

    cluster.database("guarded").await;
    admin.batch_execute("CREATE ROLE guest LOGIN").await.unwrap();
    let guest = cluster.url("user=guest&dbname=guarded");
    let error = refused(&guest).await;
    assert!(matches!(error, Error::DatabaseRefuses { .. }), "{error:?}");
    assert!(error.to_string().contains("permission denied for database guarded"), "{error}");
    // The schema alone, handed over, is enough.
    let its = cluster.admin("guarded").await;
    its.batch_execute("CREATE SCHEMA waybill AUTHORIZATION guest").await.unwrap();
    open(&guest).await.close().await.unwrap();

    admin.batch_execute("ALTER ROLE guest SET default_transaction_read_only = on").await.unwrap();
    // A standby answers the same; it is waited for, since it may become the one that is written to.
    let opening = Postgres::open(&guest, PostgresOptions::default());
    let waited = tokio::time::timeout(std::time::Duration::from_secs(2), opening).await;
    assert!(waited.is_err());
}

#[tokio::test]
async fn a_commit_is_on_disk_whatever_the_role_is_set_to() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("durable").await;
    let admin = cluster.admin("durable").await;
    let show = "SELECT setting FROM waybill_probe";
    for (set, is) in [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")] {
        let role = format!("ALTER DATABASE durable SET synchronous_commit = '{set}'");
        admin.batch_execute(&role).await.unwrap();
        let store = open(&url).await;
        // What the writing session has, told by a trigger in its own transaction.
        admin
            .batch_execute(
                "CREATE TABLE IF NOT EXISTS waybill_probe (setting text);
                 TRUNCATE waybill_probe;
                 CREATE OR REPLACE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    INSERT INTO public.waybill_probe VALUES (current_setting('synchronous_commit'));
                    RETURN NULL; END $$;
                 DROP TRIGGER IF EXISTS tell ON waybill.head;
                 CREATE TRIGGER tell AFTER UPDATE ON waybill.head
                    FOR EACH ROW EXECUTE FUNCTION tell()",
            )
            .await
            .unwrap();
        store.record(noon(), vec![plan(set.len() as u64)]).await.unwrap();
        assert_eq!(admin.query_one(show, &[]).await.unwrap().get::<_, String>(0), is, "{set}");
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_does_not_sync_is_refused() {
    let Some(cluster) = Cluster::own("fsync = off") else { return };
    let error = refused(&cluster.url("user=postgres&dbname=postgres")).await;
    assert!(error.to_string().contains("fsync is off, where on is needed"), "{error}");
    assert!(Path::new(cluster.folder()).exists());
}
