using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Messaging.Tests;

/// <summary>A caller of the API, with a bearer token or without.</summary>
public sealed class TestClient : IDisposable
{
    public const string Password = "correct horse";

    private readonly SocketsHttpHandler _handler = new() { UseCookies = false, AllowAutoRedirect = false };

    public TestClient(Uri url, string? token)
    {
        Http = new HttpClient(_handler) { BaseAddress = url };
        Token = token;
        if (token is not null)
        {
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public HttpClient Http { get; }

    public string? Token { get; }

    public string Name { get; init; } = string.Empty;

    public string UserId { get; init; } = string.Empty;

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public Task<Reply> PutAsync(string path, object? body = null) => SendAsync(HttpMethod.Put, path, body);

    public Task<Reply> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public Task<Reply> SendAsync(HttpMethod method, string path, object? body = null) =>
        SendAsync(new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) });

    /// <summary>Sends text as it is, to try what no serializer would write.</summary>
    public Task<Reply> SendRawAsync(HttpMethod method, string path, string body, string contentType = "application/json") =>
        SendAsync(new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, contentType) });

    public async Task<Reply> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await Http.SendAsync(request);
            return await Reply.ReadAsync(response);
        }
    }

    /// <summary>Creates a channel and answers its id.</summary>
    public async Task<string> CreateChannelAsync(bool isPrivate = false) =>
        (await PostAsync("/api/channels", new { name = Names.Next("channel"), @private = isPrivate })).ShouldHaveStatus(201)["id"];

    public async Task JoinAsync(string channelId) => (await PostAsync($"/api/channels/{channelId}/members")).ShouldHaveStatus(204);

    public async Task<Reply> SayAsync(string channelId, string text, string? clientId = null) =>
        await PostAsync($"/api/channels/{channelId}/messages", new { text, clientId });

    public void Dispose()
    {
        Http.Dispose();
        _handler.Dispose();
    }
}
