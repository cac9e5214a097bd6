namespace Messaging.Accounts;

/// <summary>A part of the page that is there only where it is turned on; the page asks once, instead of trying and being refused.</summary>
internal interface IPageFeature
{
    string Name { get; }

    bool IsOn(HttpContext context);
}
