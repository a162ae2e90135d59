//! Makes sure that the folder of the built page exists, so that the program compiles before the
//! page has ever been built, and is compiled again when the page was.

fn main() {
    let page = "../../web/dist";
    println!("cargo::rerun-if-changed={page}");
    if let Err(error) = std::fs::create_dir_all(page) {
        println!("cargo::warning=cannot create {page}: {error}");
    }
}
