using System.IO.Pipelines;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Resilience.Sse.Tests.Support;

/// <summary>
/// A request's context under guard, in front of the server's own: its features stay the server's, so that the stream is written as it is without a guard. The token of
/// the abort is of the guard's own source, which lives on after the request, so that a registration that was left behind keeps what it refers to.
/// </summary>
internal sealed class GuardedContext : HttpContext
{
    private readonly HttpContext _inner;
    private readonly TouchGuard _guard;
    private readonly CancellationTokenRegistration _link;

    public GuardedContext(HttpContext inner, List<string> touched)
    {
        _inner = inner;
        _guard = new TouchGuard(touched);
        Response = new GuardedResponse(this, inner.Response, _guard);
        _link = inner.RequestAborted.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), Aborted);
    }

    public CancellationTokenSource Aborted { get; } = new();

    public override IFeatureCollection Features => _guard.Touch(_inner.Features, nameof(Features));

    public override HttpRequest Request => _guard.Touch(_inner.Request, nameof(Request));

    public override HttpResponse Response { get; }

    public override ConnectionInfo Connection => _guard.Touch(_inner.Connection, nameof(Connection));

    public override WebSocketManager WebSockets => _guard.Touch(_inner.WebSockets, nameof(WebSockets));

    public override ClaimsPrincipal User
    {
        get => _guard.Touch(_inner.User, nameof(User));
        set => _inner.User = value;
    }

    public override IDictionary<object, object?> Items
    {
        get => _guard.Touch(_inner.Items, nameof(Items));
        set => _inner.Items = value;
    }

    public override IServiceProvider RequestServices
    {
        get => _guard.Touch(_inner.RequestServices, nameof(RequestServices));
        set => _inner.RequestServices = value;
    }

    public override CancellationToken RequestAborted
    {
        get => _guard.Touch(Aborted.Token, nameof(RequestAborted));
        set => throw new NotSupportedException();
    }

    public override string TraceIdentifier
    {
        get => _guard.Touch(_inner.TraceIdentifier, nameof(TraceIdentifier));
        set => _inner.TraceIdentifier = value;
    }

    public override ISession Session
    {
        get => _guard.Touch(_inner.Session, nameof(Session));
        set => _inner.Session = value;
    }

    public override void Abort() => _guard.Touch(_inner, nameof(Abort)).Abort();

    /// <summary>The handler has returned.</summary>
    public void Over()
    {
        _link.Unregister();
        _guard.Over();
    }

    private sealed class GuardedResponse(HttpContext context, HttpResponse inner, TouchGuard guard) : HttpResponse
    {
        public override HttpContext HttpContext => context;

        public override int StatusCode
        {
            get => guard.Touch(inner, nameof(StatusCode)).StatusCode;
            set => guard.Touch(inner, nameof(StatusCode)).StatusCode = value;
        }

        public override IHeaderDictionary Headers => guard.Touch(inner, nameof(Headers)).Headers;

        public override Stream Body
        {
            get => guard.Touch(inner, nameof(Body)).Body;
            set => inner.Body = value;
        }

        public override PipeWriter BodyWriter => new GuardedWriter(guard.Touch(inner, nameof(BodyWriter)).BodyWriter, guard);

        public override long? ContentLength
        {
            get => guard.Touch(inner, nameof(ContentLength)).ContentLength;
            set => guard.Touch(inner, nameof(ContentLength)).ContentLength = value;
        }

        public override string? ContentType
        {
            get => guard.Touch(inner, nameof(ContentType)).ContentType;
            set => guard.Touch(inner, nameof(ContentType)).ContentType = value;
        }

        public override IResponseCookies Cookies => guard.Touch(inner, nameof(Cookies)).Cookies;

        public override bool HasStarted => guard.Touch(inner, nameof(HasStarted)).HasStarted;

        public override void OnStarting(Func<object, Task> callback, object state) => guard.Touch(inner, nameof(OnStarting)).OnStarting(callback, state);

        public override void OnCompleted(Func<object, Task> callback, object state) => guard.Touch(inner, nameof(OnCompleted)).OnCompleted(callback, state);

        public override void Redirect(string location, bool permanent) => guard.Touch(inner, nameof(Redirect)).Redirect(location, permanent);

        public override Task StartAsync(CancellationToken cancellationToken = default) => guard.Touch(inner, nameof(StartAsync)).StartAsync(cancellationToken);

        public override Task CompleteAsync() => guard.Touch(inner, nameof(CompleteAsync)).CompleteAsync();
    }
}
