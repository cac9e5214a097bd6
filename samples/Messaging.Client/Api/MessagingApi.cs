using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Messaging.Client.Resending;

namespace Messaging.Client.Api;

/// <summary>The few routes that the client needs.</summary>
internal sealed class MessagingApi(HttpClient http)
{
    /// <summary>Signs in; registers the user first where there is none of that name.</summary>
    /// <returns>Null when it worked, else what the server said.</returns>
    internal async Task<string?> SignInAsync(string name, string password, CancellationToken cancellationToken)
    {
        using var registered = await http.PostAsJsonAsync("/api/users", new { name, password }, cancellationToken);
        if (!registered.IsSuccessStatusCode && registered.StatusCode != HttpStatusCode.Conflict)
        {
            return await DescribeAsync(registered, cancellationToken);
        }

        using var session = await http.PostAsJsonAsync("/api/session", new { name, password }, cancellationToken);
        if (!session.IsSuccessStatusCode)
        {
            return await DescribeAsync(session, cancellationToken);
        }

        var body = await session.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", body.GetProperty("token").GetString());
        return null;
    }

    /// <summary>The id of the channel with this name, joined; created where there is none.</summary>
    internal async Task<string> EnterAsync(string channel, CancellationToken cancellationToken)
    {
        for (string? after = "0"; after is not null;)
        {
            var page = await http.GetFromJsonAsync<JsonElement>($"/api/channels?limit=200&after={after}", cancellationToken);
            var found = page.GetProperty("items").EnumerateArray().FirstOrDefault(item => item.GetProperty("name").GetString() == channel);
            if (found.ValueKind == JsonValueKind.Object)
            {
                var id = found.GetProperty("id").GetString()!;
                using var joined = await http.PostAsync($"/api/channels/{id}/members", null, cancellationToken);
                joined.EnsureSuccessStatusCode();
                return id;
            }

            after = page.GetProperty("next").GetString();
        }

        using var created = await http.PostAsJsonAsync("/api/channels", new { name = channel }, cancellationToken);
        created.EnsureSuccessStatusCode();
        return (await created.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }

    /// <summary>One try to send. Tells what may work later from what never will.</summary>
    internal async Task<SendResult> SendAsync(string channelId, OutgoingMessage message, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.PostAsJsonAsync(
                $"/api/channels/{channelId}/messages",
                new { text = message.Text, clientId = message.ClientId, delaySeconds = message.DelaySeconds },
                cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return new SendResult.Stored();
            }

            var reason = await DescribeAsync(response, cancellationToken);
            return IsRetryable(response.StatusCode)
                ? new SendResult.Unavailable(reason, response.Headers.RetryAfter?.Delta)
                : new SendResult.Refused(reason);
        }
        catch (HttpRequestException error)
        {
            return new SendResult.Unavailable(error.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SendResult.Unavailable("The server did not answer in time.");
        }
    }

    /// <summary>Reads the messages after a sequence, to the end.</summary>
    internal async Task<List<JsonElement>> ReadAsync(string channelId, long after, CancellationToken cancellationToken)
    {
        var messages = new List<JsonElement>();
        for (string? next = after.ToString(System.Globalization.CultureInfo.InvariantCulture); next is not null;)
        {
            var page = await http.GetFromJsonAsync<JsonElement>($"/api/channels/{channelId}/messages?limit=200&after={next}", cancellationToken);
            messages.AddRange(page.GetProperty("items").EnumerateArray());
            next = page.GetProperty("next").GetString();
        }

        return messages;
    }

    private static bool IsRetryable(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;

    private static async Task<string> DescribeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            if (problem.TryGetProperty("detail", out var detail) && detail.GetString() is { Length: > 0 } text)
            {
                return text;
            }
        }

        return $"The server answered {(int)response.StatusCode}.";
    }
}
