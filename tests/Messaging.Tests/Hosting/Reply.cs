using System.Net.Http.Headers;
using System.Text.Json;

namespace Messaging.Tests;

/// <summary>An answer, read to its end.</summary>
public sealed record Reply(int Status, HttpResponseHeaders Headers, string? ContentType, string Text, JsonElement Json)
{
    /// <summary>A string property of the body.</summary>
    public string this[string property] => Json.GetProperty(property).GetString()!;

    public JsonElement[] Items => [.. Json.GetProperty("items").EnumerateArray()];

    public static async Task<Reply> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        var type = response.Content.Headers.ContentType?.MediaType;
        var json = type?.EndsWith("json", StringComparison.Ordinal) == true ? JsonDocument.Parse(text).RootElement.Clone() : default;
        return new Reply((int)response.StatusCode, response.Headers, type, text, json);
    }

    public Reply ShouldHaveStatus(int status)
    {
        Status.ShouldBe(status, Text);
        return this;
    }

    /// <summary>Checks that this is a refusal in the form that every refusal has.</summary>
    public Reply ShouldBeRefused(int status)
    {
        ShouldHaveStatus(status);
        ContentType.ShouldBe("application/problem+json");
        Json.GetProperty("status").GetInt32().ShouldBe(status);
        Json.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        return this;
    }

    /// <summary>Checks a 400 that names the field, and says in words what would be right.</summary>
    public Reply ShouldNameField(string field, string hint)
    {
        ShouldBeRefused(400);
        Json.GetProperty("errors").GetProperty(field)[0].GetString()!.ShouldContain(hint);
        return this;
    }
}
