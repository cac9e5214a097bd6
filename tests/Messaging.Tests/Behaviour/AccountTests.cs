namespace Messaging.Tests.Behaviour;

public abstract class AccountTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task A_user_registers_and_is_answered_without_the_password()
    {
        using var client = App.NewClient();
        var name = Names.Next("Ann");

        var user = (await client.PostAsync("/api/users", new { name, password = "long enough" })).ShouldHaveStatus(201);

        user["name"].ShouldBe(name);
        user["id"].ShouldNotBeNullOrEmpty();
        user.Text.ShouldNotContain("password");
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused_whatever_its_case()
    {
        using var client = App.NewClient();
        var name = Names.Next("Taken");
        (await client.PostAsync("/api/users", new { name, password = "long enough" })).ShouldHaveStatus(201);

        (await client.PostAsync("/api/users", new { name = name.ToUpperInvariant(), password = "long enough" })).ShouldBeRefused(409)["detail"].ShouldContain("name");
    }

    [Fact]
    public async Task Of_many_who_want_a_name_at_once_one_gets_it()
    {
        using var client = App.NewClient();
        var name = Names.Next("Wanted");

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.PostAsync("/api/users", new { name, password = "long enough" })));

        replies.Count(static reply => reply.Status == 201).ShouldBe(1);
        replies.Count(static reply => reply.Status == 409).ShouldBe(7);
    }

    [Theory]
    [InlineData("""{"password":"long enough"}""", "name", "1 to 64")]
    [InlineData("""{"name":"   ","password":"long enough"}""", "name", "1 to 64")]
    [InlineData("""{"name":"a\nb","password":"long enough"}""", "name", "control")]
    [InlineData("""{"name":5,"password":"long enough"}""", "name", "wrong type")]
    [InlineData("""{"name":"x"}""", "password", "8 to 256")]
    [InlineData("""{"name":"x","password":"seven77"}""", "password", "8 to 256")]
    [InlineData("""{"name":"x","password": """, "password", "valid JSON")]
    [InlineData("""[]""", "body", "JSON")]
    [InlineData("null", "body", "JSON")]
    [InlineData("", "body", "JSON")]
    public async Task Wrong_credentials_are_refused_with_the_field_named(string body, string field, string hint)
    {
        using var client = App.NewClient();

        (await client.SendRawAsync(HttpMethod.Post, "/api/users", body)).ShouldNameField(field, hint);
    }

    [Theory]
    [InlineData("name", 65, "64")]
    [InlineData("password", 257, "256")]
    public async Task Too_long_a_value_is_refused_with_its_limit(string field, int length, string limit)
    {
        using var client = App.NewClient();
        var values = new Dictionary<string, string> { ["name"] = "x", ["password"] = "long enough", [field] = new('x', length) };

        (await client.PostAsync("/api/users", values)).ShouldNameField(field, limit);
    }

    [Fact]
    public async Task Signing_in_gives_a_token_that_works_until_sign_out()
    {
        using var user = await App.NewUserAsync();
        (await user.GetAsync("/api/session")).ShouldHaveStatus(200).Json.GetProperty("user").GetProperty("name").GetString().ShouldBe(user.Name);

        (await user.DeleteAsync("/api/session")).ShouldHaveStatus(204);

        (await user.GetAsync("/api/session")).ShouldHaveStatus(204);
        (await user.GetAsync("/api/channels")).ShouldBeRefused(401);
        (await user.DeleteAsync("/api/session")).ShouldBeRefused(401);
    }

    [Fact]
    public async Task The_page_signs_in_with_a_cookie_that_scripts_cannot_read()
    {
        using var user = await App.NewUserAsync();
        using var page = App.NewClient();
        var signedIn = (await page.PostAsync("/api/session", new { name = user.Name, password = TestClient.Password })).ShouldHaveStatus(200);

        var cookie = signedIn.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();

        cookie.ShouldContain("httponly", Case.Insensitive);
        cookie.ShouldContain("samesite=strict", Case.Insensitive);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/channels") { Headers = { { "Cookie", cookie.Split(';')[0] } } };
        (await page.SendAsync(request)).ShouldHaveStatus(200);
    }

    [Theory]
    [InlineData("nobody of this name", TestClient.Password)]
    [InlineData(null, "not the password")]
    public async Task Who_signs_in_wrongly_is_not_told_what_was_wrong(string? name, string password)
    {
        using var user = await App.NewUserAsync();
        using var client = App.NewClient();

        var reply = (await client.PostAsync("/api/session", new { name = name ?? user.Name, password })).ShouldBeRefused(401);

        reply["detail"].ShouldBe("The name or the password is wrong.");
        reply.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    [Fact]
    public async Task Signing_in_needs_both_fields()
    {
        using var client = App.NewClient();

        (await client.PostAsync("/api/session", new { password = "x" })).ShouldNameField("name", "required");
        (await client.PostAsync("/api/session", new { name = "x" })).ShouldNameField("password", "required");
    }

    [Fact]
    public async Task A_user_is_found_by_name_by_those_who_are_signed_in()
    {
        using var user = await App.NewUserAsync();

        (await user.GetAsync($"/api/users?name={Uri.EscapeDataString(user.Name.ToUpperInvariant())}")).Items.ShouldHaveSingleItem()
            .GetProperty("id").GetString().ShouldBe(user.UserId);
        (await user.GetAsync("/api/users?name=nobody")).Items.ShouldBeEmpty();
        (await user.GetAsync("/api/users")).ShouldNameField("name", "required");
        using var stranger = App.NewClient();
        (await stranger.GetAsync("/api/users?name=x")).ShouldBeRefused(401);
    }

    [Fact]
    public async Task A_token_is_stored_as_its_hash_only()
    {
        using var user = await App.NewUserAsync();

        var stored = await Stored.TextsAsync(App, "SELECT token_hash FROM sessions");

        stored.ShouldNotBeEmpty();
        stored.ShouldNotContain(user.Token!);
        (await Stored.TextsAsync(App, "SELECT password_hash FROM users")).ShouldAllBe(static hash => !hash.Contains(TestClient.Password));
    }

    [Fact]
    public async Task No_secret_reaches_the_log()
    {
        using var user = await App.NewUserAsync();

        App.Logs.Records.ShouldAllBe(record => !record.ToString().Contains(user.Token!) && !record.ToString().Contains(TestClient.Password));
    }
}

public sealed class SqliteAccountTests(SqliteMessaging fixture) : AccountTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlAccountTests(PostgreSqlMessaging fixture) : AccountTests(fixture), IClassFixture<PostgreSqlMessaging>;
