using System.Text.Json;

namespace Messaging.Http;

/// <summary>Turns what the framework throws for a request it cannot read into problem details. It is the caller's mistake, so nothing is logged.</summary>
internal sealed class BadRequests(RequestDelegate next)
{
    private const int ClientClosedRequest = 499;

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
