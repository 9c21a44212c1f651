namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Whether more than one isolation domain has used a model instance. Nothing is ever forgotten: the server's RAM cache may hold
/// content long after it has left its slot. Guarded by the lock of the table that owns it.
/// </summary>
internal sealed class DomainsSeen
{
    private string? _first;
    private bool _areSeveral;

    /// <param name="domain">The domain of content or work on the server; null belongs to everybody.</param>
    public void Add(string? domain)
    {
        if (domain is null)
            return;
        _areSeveral |= _first is not null && _first != domain;
        _first ??= domain;
    }

    /// <summary>Whether the server may hold content of a domain other than this one.</summary>
    public bool AreOthersThan(string? domain) => _areSeveral || (_first is not null && _first != domain);
}
