using System.Text.Json;
using Messaging.Database;

namespace Messaging.Http;

/// <summary>
/// Turns into problem details what the framework throws for a request it cannot read, which is the caller's mistake, and what a busy database throws, which is
/// for the caller to try again; the library has counted and, where somebody must look, logged it.
/// </summary>
internal sealed class BadRequests(RequestDelegate next)
{
    private const int ClientClosedRequest = 499;

    private static readonly TimeSpan BusyRetryAfter = TimeSpan.FromSeconds(1);

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await Describe(error).ExecuteAsync(context);
        }
        catch (DatabaseBusyException error) when (!context.Response.HasStarted)
        {
            await Problems.Later(StatusCodes.Status503ServiceUnavailable, BusyRetryAfter, error.Message).ExecuteAsync(context);
        }
        catch (Exception error) when (context.RequestAborted.IsCancellationRequested && error is OperationCanceledException or IOException)
        {
            // Nobody is there to read an answer.
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = ClientClosedRequest;
            }
        }
    }

    private static IResult Describe(BadHttpRequestException error)
    {
        if (error.StatusCode == StatusCodes.Status400BadRequest && error.InnerException is JsonException json)
        {
            var field = json.Path is ['$', '.', .. var path] ? path : "body";
            return Problems.Invalid(field, field == "body" ? "is not valid JSON for this route." : "has the wrong type, or is not valid JSON.");
        }

        return error.StatusCode == StatusCodes.Status400BadRequest
            ? Problems.Invalid("body", "is required, as JSON.")
            : TypedResults.Problem(statusCode: error.StatusCode);
    }
}
