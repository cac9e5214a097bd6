using Messaging.Http;
using Messaging.Limits;

namespace Messaging.Accounts;

/// <summary>Registration, sign-in and sign-out.</summary>
internal static class AccountEndpoints
{
    private const int MaxNameLength = 64;
    private const int MinPasswordLength = 8;
    private const int MaxPasswordLength = 256;

    private static readonly TimeSpan BusyRetryAfter = TimeSpan.FromSeconds(1);

    internal static void MapAccounts(this RouteGroupBuilder api)
    {
        api.MapPost("/users", RegisterAsync).WithTags("Accounts").WithSummary("Register a user.").RequireRateLimiting(RatePolicies.Registrations)
            .Produces<UserShape>(201).ProducesValidationProblem().ProducesProblem(403).ProducesProblem(409).ProducesProblem(429).ProducesProblem(503);
        api.MapGet("/users", FindAsync).WithTags("Accounts").WithSummary("Find a user by the exact name, without regard to case.")
            .Produces<ListOf<UserShape>>().ProducesValidationProblem().RequireAuthorization();
        api.MapGet("/session", CurrentAsync).WithTags("Accounts").WithSummary("The caller's session; 204 for a caller who is not signed in.")
            .Produces<CurrentSession>().Produces(204);
        api.MapPost("/session", SignInAsync).WithTags("Accounts").WithSummary("Sign in: a cookie for the page, a bearer token in the answer.")
            .RequireRateLimiting(RatePolicies.SignIns)
            .Produces<SessionShape>().ProducesValidationProblem().ProducesProblem(401).ProducesProblem(429).ProducesProblem(503);
        api.MapDelete("/session", SignOutAsync).WithTags("Accounts").WithSummary("Sign out. Open streams of the session end.")
            .Produces(204).ProducesProblem(401).RequireAuthorization();
    }

    private static async Task<IResult> RegisterAsync(
        Registration registration, Users users, OperatorNames operatorNames, Passwords passwords, CancellationToken cancellationToken)
    {
        if (!Validate.Name(registration.Name, "name", MaxNameLength, out var name, out var problem)
            || !Validate.Text(registration.Password, "password", MinPasswordLength, MaxPasswordLength, out problem))
        {
            return problem;
        }

        if (!operatorNames.MayRegister(name, registration.OperatorCode))
        {
            return Problems.Forbidden("name: is kept for an operator. It is registered with the operatorCode of the server's settings or log.");
        }

        if (await passwords.HashAsync(registration.Password, cancellationToken) is not { } hash)
        {
            return Busy();
        }

        return await users.AddAsync(name, hash, cancellationToken) is { } user
            ? TypedResults.Created((string?)null, user.ToShape())
            : Problems.Conflict("name: is taken.");
    }

    private static async Task<IResult> FindAsync(string? name, Users users, CancellationToken cancellationToken)
    {
        if (!Validate.Name(name, "name", MaxNameLength, out var wanted, out var problem))
        {
            return problem;
        }

        return TypedResults.Ok(new ListOf<UserShape>(await users.FindAsync(wanted, cancellationToken) is { } user ? [user.ToShape()] : [], null));
    }

    private static async Task<IResult> CurrentAsync(HttpContext context, Operators operators, IEnumerable<IPageFeature> features, CancellationToken cancellationToken)
    {
        if (context.User.Identity is not { IsAuthenticated: true })
        {
            return TypedResults.NoContent();
        }

        var caller = Caller.Of(context.User);
        return TypedResults.Ok(new CurrentSession(
            Times.FromStore(caller.ExpiresAt),
            caller.ToShape(),
            await operators.IncludeAsync(caller, cancellationToken),
            [.. features.Where(feature => feature.IsOn(context)).Select(static feature => feature.Name)]));
    }

    private static async Task<IResult> SignInAsync(
        Credentials credentials, HttpContext context, Users users, Passwords passwords, WrongPasswords wrong, Sessions sessions,
        CancellationToken cancellationToken)
    {
        if (!Validate.Name(credentials.Name, "name", MaxNameLength, out var name, out var problem)
            || !Validate.Text(credentials.Password, "password", 1, MaxPasswordLength, out problem))
        {
            return problem;
        }

        using var turn = wrong.Take(name);
        if (!turn.IsAcquired)
        {
            return Problems.Later(
                StatusCodes.Status429TooManyRequests, turn.Wait, "There were too many wrong passwords for this name (limit: wrong passwords). Try again later.");
        }

        var user = await users.FindAsync(name, cancellationToken);
        var right = await passwords.VerifyAsync(user, credentials.Password, cancellationToken);
        if (right is not false)
        {
            turn.GiveBack();
        }

        if (right is not { } matches)
        {
            return Busy();
        }

        if (!matches)
        {
            return Problems.Unauthorized("The name or the password is wrong.");
        }

        var (token, expiresAt) = await sessions.OpenAsync(user!.Id, cancellationToken);
        SessionAuthentication.SetCookie(context, token, expiresAt);
        return TypedResults.Ok(new SessionShape(token, expiresAt, user.ToShape()));
    }

    private static IResult Busy() => Problems.Later(
        StatusCodes.Status503ServiceUnavailable, BusyRetryAfter, "Too many others register or sign in just now (limit: Limits:PasswordsWaiting). Try again.");

    private static async Task<IResult> SignOutAsync(
        HttpContext context, Sessions sessions, IEnumerable<ISessionObserver> observers, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context.User);
        await sessions.CloseAsync(caller.SessionId, cancellationToken);
        SessionAuthentication.RemoveCookie(context);
        foreach (var observer in observers)
        {
            await observer.SignedOutAsync(caller.SessionId, CancellationToken.None);
        }

        return TypedResults.NoContent();
    }
}
