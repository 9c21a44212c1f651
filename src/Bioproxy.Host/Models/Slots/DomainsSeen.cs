namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Whether more than one isolation domain has used a model. Nothing is ever forgotten: the server's RAM cache may hold content long after
/// it has left its slot, and a server that was suspected of a restart may be the same process still.
/// </summary>
internal sealed class DomainsSeen
{
    private readonly Lock _lock = new();
    private string? _first;
    private bool _areSeveral;
    private bool _areUnknown;

    /// <param name="domain">The domain of content or work on the server; null belongs to everybody.</param>
    public void Add(string? domain)
    {
        if (domain is null)
            return;
        lock (_lock)
        {
            _areSeveral |= _first is not null && _first != domain;
            _first ??= domain;
        }
    }

    /// <summary>Another proxy has scheduled the server, or may have: whose prompts it computed is not known here. That concerns those who
    /// have a domain.</summary>
    public void AddUnknown()
    {
        lock (_lock)
            _areUnknown = true;
    }

    /// <summary>Whether the server may hold content of a domain other than this one.</summary>
    public bool AreOthersThan(string? domain)
    {
        lock (_lock)
            return _areSeveral || (_first is not null && _first != domain) || (_areUnknown && domain is not null);
    }
}
