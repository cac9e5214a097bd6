using Messaging.Limits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Http;

/// <summary>Every refusal as problem details (RFC 9457).</summary>
internal static class Problems
{
    internal static ValidationProblem Invalid(string field, string message) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [field] = [message] }, detail: $"{field}: {message}");

    internal static ProblemHttpResult NotFound(string what) => Of(StatusCodes.Status404NotFound, $"There is no such {what}.");

    internal static ProblemHttpResult Forbidden(string detail) => Of(StatusCodes.Status403Forbidden, detail);

    internal static ProblemHttpResult NotMember() => Forbidden("You are not a member of this channel.");

    internal static ProblemHttpResult Conflict(string detail) => Of(StatusCodes.Status409Conflict, detail);

    internal static ProblemHttpResult Unauthorized(string detail) => Of(StatusCodes.Status401Unauthorized, detail);

    internal static ProblemHttpResult TooMany(HttpContext context, TimeSpan wait, string detail)
    {
        context.Response.Headers.RetryAfter = RatePolicies.Seconds(wait);
        return Of(StatusCodes.Status429TooManyRequests, detail);
    }

    internal static ProblemHttpResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RatePolicies.Seconds(TimeSpan.Zero);
        return Of(StatusCodes.Status503ServiceUnavailable, "Too many others register or sign in just now. Try again.");
    }

    private static ProblemHttpResult Of(int status, string detail) => TypedResults.Problem(detail, statusCode: status);
}
